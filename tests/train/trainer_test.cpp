// SPDX-License-Identifier: Apache-2.0
// The trainer as it works with a device behind the host, on a CPU: it must do what it does there
// otherwise. Whole runs are in train/training_job_test.
#include "intr/train/trainer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <thread>

#include "intr/comm/self_communicator.h"
#include "intr/core/error.h"
#include "support/small_model.h"

namespace intr {
namespace {

constexpr std::int64_t kStepSamples = 5;

/// Steps of two micro-batches, of 3 and 2 pictures; with two shards each is one, and the second
/// may be empty.
class TwoBatches final : public BatchSource {
 public:
  explicit TwoBatches(std::int64_t num_shards = 1) : num_shards_(num_shards) {}
  std::int64_t steps_per_epoch() const noexcept override { return 4; }
  void seek(std::int64_t, std::int64_t step) override { next_ = 2 * step; }
  MicroBatch next() override {
    std::this_thread::sleep_for(std::chrono::milliseconds(takes_ms));
    if (next_ == fails_at) throw DataError("a picture is damaged", "shard 1", "pack it again");
    const bool first = next_ % 2 == 0;
    MicroBatch batch;
    batch.step = next_ / 2;
    batch.step_samples = second_is_empty ? 3 : kStepSamples;
    batch.first_in_step = first ? 0 : 3;
    batch.last_of_step = !first;
    batch.last_of_shard = !first || num_shards_ == 2;
    batch.padded = {64, 96};
    std::vector<std::uint8_t> bytes;
    const std::int64_t count = first ? 3 : second_is_empty ? 0 : 2;
    for (std::int64_t i = 0; i < count; ++i) {
      const ImageSize size = i == 1 ? ImageSize{64, 80} : ImageSize{64, 96};
      batch.rows.push_back(batch.first_in_step + i);
      batch.sample_ids.push_back(100 * next_ + i);
      batch.labels.push_back((next_ + i) % 3);
      batch.sizes.push_back(size);
      batch.offsets.push_back(bytes.size());
      for (std::int64_t k = 0; k < 3 * size.area(); ++k)
        bytes.push_back(static_cast<std::uint8_t>(k * 7 + next_ * 31 + i));
    }
    batch.own(std::move(bytes));
    ++next_;
    return batch;
  }

  std::int64_t fails_at = -1;
  int takes_ms = 0;
  bool second_is_empty = false;

 private:
  std::int64_t num_shards_;
  std::int64_t next_ = 0;
};

ModelConfig small_model() {
  ModelConfig config;
  config.num_classes = 3;
  config.backbone = "resnet18";
  config.enc_layers = config.dec_layers = 1;
  config.hidden_dim = 32;
  config.nheads = 4;
  config.dim_feedforward = 64;
  return config;
}

/// A trainer with all its parts.
struct Bench {
  Bench(bool queued, double clip, std::int64_t num_shards = 1)
      : source(num_shards),
        state(small_model(), {.freeze = "stem"}, at::kCPU),
        communicator("node"),
        reducer(state.flat(), communicator, num_shards),
        optimizer(state.flat(), {.clip_max_norm = clip}),
        trainer({.state = state,
                 .loader = source,
                 .reducer = reducer,
                 .optimizer = optimizer,
                 .stop_requested = [] { return false; }},
                {.schedule = {.lr = 1e-3, .lr_backbone = 1e-3},
                 .batch_size = kStepSamples,
                 .most_skips = 2,
                 .queued = queued}) {
    state.set_tensors(test::formula_tensors(small_model(), "stem", 7));
  }
  TwoBatches source;
  TrainingState state;
  SelfCommunicator communicator;
  GradientReducer reducer;
  Optimizer optimizer;
  Trainer trainer;
};

void expect_equal(const StepReport& got, const StepReport& expected) {
  EXPECT_EQ(got.loss, expected.loss);
  EXPECT_EQ(got.hits1, expected.hits1);
  EXPECT_EQ(got.hits5, expected.hits5);
  EXPECT_EQ(got.samples, expected.samples);
  EXPECT_EQ(got.position, expected.position);
  EXPECT_EQ(got.epoch_ended, expected.epoch_ended);
  EXPECT_EQ(got.after.step, expected.after.step);
  EXPECT_EQ(got.pad_fraction, expected.pad_fraction);
  EXPECT_EQ(got.applied, expected.applied);
  EXPECT_EQ(got.bad_tensor, expected.bad_tensor);
  EXPECT_EQ(got.loader.images, expected.loader.images);
  EXPECT_EQ(got.epoch_sums.loss, expected.epoch_sums.loss);
}

TEST(Trainer, BehindTheHostItDoesTheSameSteps) {
  Bench plain(false, 0), queued(true, 0);
  for (int step = 0; step < 6; ++step) {
    const StepReport expected = plain.trainer.step(), got = queued.trainer.step();
    expect_equal(got, expected);
    EXPECT_NEAR(got.norm, expected.norm, 1e-9 * expected.norm);
    ASSERT_TRUE(at::equal(plain.state.flat().param(), queued.state.flat().param())) << step;
  }
  EXPECT_TRUE(at::equal(plain.state.flat().exp_avg_sq(), queued.state.flat().exp_avg_sq()));
  EXPECT_EQ(queued.optimizer.steps_done(), 6);
}

TEST(Trainer, TheDeviceClipsAsTheHostDoes) {
  Bench plain(false, 0.1), queued(true, 0.1);
  for (int step = 0; step < 3; ++step) {
    const StepReport expected = plain.trainer.step(), got = queued.trainer.step();
    EXPECT_LT(expected.clip, 1);
    EXPECT_NEAR(got.clip, expected.clip, 1e-9);
    EXPECT_TRUE(at::allclose(plain.state.flat().param(), queued.state.flat().param(), 1e-6, 1e-8));
  }
}

TEST(Trainer, WhatIsNotFiniteChangesNothingAndNamesItsSamples) {
  for (const bool queued : {false, true}) {
    Bench run(queued, 0.1);
    const at::Tensor bias = run.state.model().tensors().at("presence_vector.bias").detach();
    const at::Tensor right = bias.clone();
    EXPECT_TRUE(run.trainer.step().applied);
    bias.fill_(std::numeric_limits<float>::quiet_NaN());
    const at::Tensor before = run.state.flat().param().clone();
    const StepReport skipped = run.trainer.step();
    EXPECT_FALSE(skipped.applied) << queued;
    EXPECT_FALSE(skipped.bad_tensor.empty());
    EXPECT_TRUE(at::equal(before.nan_to_num(), run.state.flat().param().nan_to_num()));
    EXPECT_TRUE(run.trainer.suspects().certain());
    EXPECT_EQ(run.trainer.suspects().ids(), (std::vector<std::int64_t>{200, 201, 202, 300, 301}));
    EXPECT_EQ(run.trainer.skips_in_a_row(), 1);
    bias.copy_(right);
    EXPECT_TRUE(run.trainer.step().applied);
    EXPECT_EQ(run.trainer.skips_in_a_row(), 0);
    EXPECT_EQ(run.optimizer.steps_done(), 2);
    bias.fill_(std::numeric_limits<float>::quiet_NaN());
    EXPECT_FALSE(run.trainer.step().applied);
    EXPECT_THROW(static_cast<void>(run.trainer.step()), DivergedError) << queued;
  }
}

TEST(Trainer, AGradientAloneThatIsNotFiniteMakesAllSamplesSuspects) {
  for (const bool queued : {false, true}) {
    Bench run(queued, 0.1);
    run.state.flat().grad()[0] = std::numeric_limits<float>::infinity();
    const StepReport skipped = run.trainer.step();
    EXPECT_FALSE(skipped.applied);
    EXPECT_TRUE(std::isfinite(skipped.loss));
    EXPECT_FALSE(run.trainer.suspects().certain());
    EXPECT_EQ(run.trainer.suspects().ids(), (std::vector<std::int64_t>{0, 1, 2, 100, 101}));
  }
}

TEST(Trainer, BehindTheHostShardsAndEmptyBatchesAddUpAlike) {
  for (const bool empty : {false, true}) {
    Bench plain(false, 0, 2), queued(true, 0, 2);
    plain.source.second_is_empty = queued.source.second_is_empty = empty;
    for (int step = 0; step < 2; ++step) {
      const StepReport expected = plain.trainer.step(), got = queued.trainer.step();
      expect_equal(got, expected);
      EXPECT_EQ(got.samples, empty ? 3 : 5);
      ASSERT_TRUE(at::equal(plain.state.flat().param(), queued.state.flat().param())) << empty;
    }
  }
}

TEST(Trainer, WaitingForPicturesCountsAsData) {
  for (const bool queued : {false, true}) {
    Bench run(queued, 0);
    run.source.takes_ms = 30;
    static_cast<void>(run.trainer.step());
    const StepReport report = run.trainer.step();  // the first was read ahead, or not
    EXPECT_GE(report.times.data, 0.055) << queued;
    EXPECT_GE(report.times.total(), report.times.data + report.times.forward);
  }
}

TEST(Trainer, AFaultOfTheNextBatchComesWithItsStep) {
  Bench run(true, 0.1);
  run.source.fails_at = 2;  // the second step's first, which is read during the first step
  EXPECT_EQ(run.trainer.step().samples, kStepSamples);
  EXPECT_THROW(static_cast<void>(run.trainer.step()), DataError);
}

TEST(Trainer, GoesOnElsewhereThanItReadAhead) {
  Bench plain(false, 0), queued(true, 0);
  for (Bench* run : {&plain, &queued}) {
    static_cast<void>(run->trainer.step());
    run->trainer.restore({.step = 1, .epoch = 0, .next_position = 3 * kStepSamples}, {}, 0);
  }
  expect_equal(queued.trainer.step(), plain.trainer.step());
  EXPECT_TRUE(at::equal(plain.state.flat().param(), queued.state.flat().param()));
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
// intr-train on other numbers of ranks: with virtual shards the same bits, without them the same
// gradients but for rounding.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"
#include "intr/weights/checkpoint_manifest.h"
#include "support/colored_squares.h"
#include "support/processor.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

using test::ProgramResult;
using test::quoted;

/// 42 pictures of mixed sizes in steps of 19, 19 and 4: shards of 2 and 3 pictures, the larger ones
/// in two forward passes; in an epoch's last step of 1 and 0.
std::string shards(int steps) {
  return "--virtual-shards 8 --batch-size 19 --micro-batch 2 --bucket-window 1 --dropout 0.1 "
         "--clip-max-norm 0.1 --epochs 7 --bucket-mb 1 --max-steps " +
         std::to_string(steps);
}
const std::string kShards = shards(20);

class TrainRanksTest : public testing::Test {
 protected:
  ProgramResult train(int ranks, const std::string& run, const std::string& more,
                      const std::string& environment = {}) const {
    return train_on(set_, ranks, run, more, environment);
  }
  ProgramResult train_on(const std::string& set, int ranks, const std::string& run,
                         const std::string& more, const std::string& environment = {}) const {
    return test::run_program("timeout 200 env " + environment + " " + test::on_ranks(ranks) +
                             test::program("train") + " --data " + quoted(set) + " --out " +
                             quoted(folder_ / run) + test::tiny_flags(more));
  }
  Checkpoint newest(const std::string& run) const {
    const std::string folder = folder_ / run + "/checkpoints";
    return read_checkpoint(folder + "/" + checkpoint_candidates(folder).front().file);
  }
  std::string records(const std::string& run, const std::string& file) const {
    return test::without_times(folder_ / run + "/" + file);
  }
  void expect_same_run(const std::string& a, const std::string& b) const {
    const Checkpoint one = newest(a), other = newest(b);
    EXPECT_EQ(one.step, other.step);
    EXPECT_TRUE(one.param == other.param);
    EXPECT_TRUE(one.exp_avg == other.exp_avg);
    EXPECT_TRUE(one.exp_avg_sq == other.exp_avg_sq);
    EXPECT_TRUE(one.frozen == other.frozen);
    EXPECT_EQ(one.plan_parameter, other.plan_parameter);
    EXPECT_EQ(one.plan_bucket_end, other.plan_bucket_end);
    EXPECT_EQ(one.sampler.dump(), other.sampler.dump());
    EXPECT_EQ(one.schedule.dump(), other.schedule.dump());
    for (const char* name : {"epoch_loss", "epoch_hits1", "best_acc1", "best_step"})
      EXPECT_EQ(one.history.at(name), other.history.at(name)) << name;
    for (const char* file : {"metrics.jsonl", "log.txt"})
      EXPECT_EQ(records(a, file), records(b, file)) << file;
  }

  test::TempDir folder_;
  const std::string set_ =
      test::make_colored_squares(folder_.path(), {.train_per_class = 14, .val_per_class = 4});
};

TEST_F(TrainRanksTest, VirtualShardsGiveTheSameBits) {
  for (const int ranks : {1, 2, 4}) {
    const ProgramResult result = train(ranks, "on" + std::to_string(ranks), kShards);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  EXPECT_EQ(newest("on1").step, 20);
  EXPECT_GT(newest("on1").plan_bucket_end.size(), 2U);
  const std::string metrics = records("on1", "metrics.jsonl");
  EXPECT_NE(metrics.find("\"clip\":0."), std::string::npos) << "the clip never acted";
  EXPECT_EQ(metrics.find("\"pad_fraction\":0.0,"), std::string::npos) << "nothing was padded";
  for (const char* other : {"on2", "on4"}) expect_same_run("on1", other);
}

TEST_F(TrainRanksTest, VirtualShardsGiveTheSameBitsInBfloat16) {
  const std::string brief = shards(6);
  const std::string rounded = brief + " --precision bf16";
  if (!test::cpu_takes_bfloat16()) {
    EXPECT_EQ(train(2, "on2", rounded).exit_code, 78);
    return;
  }
  for (const int ranks : {1, 2, 4}) {
    const ProgramResult result = train(ranks, "on" + std::to_string(ranks), rounded);
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  for (const char* other : {"on2", "on4"}) expect_same_run("on1", other);
  ASSERT_EQ(train(1, "exact", brief).exit_code, 0);
  EXPECT_FALSE(newest("exact").param == newest("on1").param);
}

TEST_F(TrainRanksTest, ARunWithVirtualShardsGoesOnOnAnyNumberOfRanks) {
  ASSERT_EQ(train(2, "whole", kShards).exit_code, 0);
  // A deadline that is over ends a run after its first step.
  EXPECT_EQ(train(1, "moved", kShards, "INTR_DEADLINE=1").exit_code, 75);
  EXPECT_EQ(newest("moved").next_position, 19);
  EXPECT_EQ(train(4, "moved", kShards, "INTR_DEADLINE=1").exit_code, 75);
  EXPECT_EQ(newest("moved").next_position, 38);
  // One shard a rank, to the epoch's end: the evaluation is left to the next.
  EXPECT_EQ(train(8, "moved", kShards, "INTR_DEADLINE=1").exit_code, 75);
  EXPECT_EQ(newest("moved").phase, "eval");
  EXPECT_EQ(newest("moved").environment.at("ranks"), 8);
  const ProgramResult rest = train(2, "moved", kShards);
  EXPECT_EQ(rest.exit_code, 0) << rest.errors;
  expect_same_run("whole", "moved");
}

TEST_F(TrainRanksTest, OtherNumbersOfShardsOrRanksAreRefused) {
  const auto expect_failure = [](const ProgramResult& result, int code, const char* words) {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    EXPECT_NE(result.errors.find(words), std::string::npos) << words << " in " << result.errors;
  };
  expect_failure(train(3, "run", kShards), 78, "1, 2, 4, 8");
  expect_failure(train(1, "run", "--virtual-shards 6 --batch-size 19"), 2, "--virtual-shards");
  expect_failure(train(1, "run", "--virtual-shards 8 --batch-size 5"), 2, "--batch-size");
  expect_failure(train(2, "run", kShards + " --comm mpi"), 2, "--comm");
  expect_failure(train(1, "run", kShards + " --threads 0"), 2, "--threads");
  ASSERT_EQ(train(1, "run", kShards, "INTR_DEADLINE=1").exit_code, 75);
  expect_failure(train(1, "run", "--virtual-shards 4 --batch-size 19 --bucket-window 1"), 78,
                 "virtual-shards is 8 there, 4 here");
}

/// The first moment after one step is the gradient times a factor. Dropout depends on how a step is
/// cut, and so does padding: without both only rounding is left.
TEST_F(TrainRanksTest, TwoRanksHaveTheGradientOfOne) {
  const std::string set = test::make_colored_squares(folder_ / "one-size", {.one_size = true});
  const std::string one_step =
      "--batch-size 13 --dropout 0 --augmentation none --clip-max-norm 0 --max-steps 1 ";
  ASSERT_EQ(train_on(set, 1, "one", one_step).exit_code, 0);
  const std::vector<float> one = newest("one").exp_avg;
  double largest = 0;
  for (const float value : one) largest = std::max(largest, std::abs(static_cast<double>(value)));
  EXPECT_GT(largest, 0);
  for (const int ranks : {2, 3}) {
    const std::string run = "on" + std::to_string(ranks);
    ASSERT_EQ(train_on(set, ranks, run, one_step).exit_code, 0);
    const std::vector<float> other = newest(run).exp_avg;
    ASSERT_EQ(one.size(), other.size());
    double difference = 0;
    for (std::size_t i = 0; i < one.size(); ++i)
      difference = std::max(difference, std::abs(static_cast<double>(one[i]) - other[i]));
    EXPECT_LE(difference, 1e-5 * largest) << ranks << " ranks";
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
// The sequence of batches: the same on any machine, and after any interruption.
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "intr/core/error.h"
#include "intr/data/loader.h"
#include "intr/data/loader_state.h"
#include "intr/data/shard_stage.h"
#include "support/loader_steps.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using test::loaders_of_ranks;
using test::next_step;
using test::next_steps;
using test::StepContent;

constexpr std::int64_t kSteps = 5;  // an epoch: 23 samples, 5 a step

class LoaderSequence : public testing::Test {
 protected:
  LoaderSequence() {
    test::make_tiny_set(folder / "set", {.samples = {{"train", 23}}, .num_shards = 3});
    index = DataIndex::open(folder / "set", "train");
    reader.emplace(index);
  }
  LoaderOptions options() const {
    LoaderOptions o;
    o.transform = Transform::parse("train:32");
    o.batch_size = 5;
    o.micro_batch = 2;
    o.bucket_window = 2;
    return o;
  }
  std::vector<StepContent> unbroken(const LoaderOptions& o, std::int64_t steps) const {
    auto loaders = loaders_of_ranks(index, *reader, o, 1);
    return next_steps(loaders, steps);
  }
  test::TempDir folder;
  DataIndex index;
  std::optional<ShardReader> reader;
};

TEST_F(LoaderSequence, DependsNeitherOnRanksNorThreadsNorSlotsNorStaging) {
  ShardStage stage(index, {.folder = folder / "stage", .limit = 0, .keep = false, .copies = true});
  stage.wait();
  const ShardReader staged(index, &stage);
  for (const std::int64_t batch_size : {5, 2, 1, 40}) {  // 40: more than there are
    LoaderOptions o = options();
    o.batch_size = batch_size;
    const std::vector<StepContent> expected = unbroken(o, 7);
    for (const std::int64_t world_size : {1, 2, 3, 5, 8}) {
      for (const std::int64_t threads : {1, 7}) {
        o.threads = threads;
        o.slots = threads == 1 ? 5 : 2;
        auto loaders =
            loaders_of_ranks(index, world_size % 2 == 0 ? staged : *reader, o, world_size);
        EXPECT_EQ(next_steps(loaders, 7), expected)
            << world_size << " ranks, " << threads << " threads, batches of " << batch_size;
      }
    }
  }
}

TEST_F(LoaderSequence, VirtualShardsFixTheShapesOfMicroBatches) {
  using Shapes = std::vector<std::pair<std::vector<std::int64_t>, ImageSize>>;
  const auto shapes = [&](std::int64_t world_size) {
    LoaderOptions o = options();
    o.virtual_shards = 6;
    o.batch_size = 9;
    Shapes all;
    for (std::int64_t step = 0; step < 4; ++step) {  // 9, 9, 5 and 9 samples
      std::int64_t shards = 0;
      for (std::int64_t rank = 0; rank < world_size; ++rank) {
        o.world_size = world_size;
        o.rank = rank;
        TrainLoader loader(index, *reader, o);
        loader.seek(step / 3, step % 3);
        for (bool last = false; !last;) {
          const MicroBatch batch = loader.next();
          if (batch.size() > 0) all.emplace_back(batch.sample_ids, batch.padded);
          shards += batch.last_of_shard ? 1 : 0;
          last = batch.last_of_step;
        }
      }
      EXPECT_EQ(shards, 6) << "one without samples counts, too";
    }
    return all;
  };
  const Shapes expected = shapes(6);
  EXPECT_GT(expected.size(), 20u);
  for (const std::int64_t world_size : {1, 2, 3}) EXPECT_EQ(shapes(world_size), expected);
  LoaderOptions o = options();
  o.virtual_shards = 6;
  o.world_size = 4;
  EXPECT_THROW(TrainLoader(index, *reader, o), UsageError);
}

TEST_F(LoaderSequence, EveryOrderHoldsEachSampleOnceAnEpoch) {
  for (const char* order : {"shuffle", "window:1", "window:2", "sequential"}) {
    LoaderOptions o = options();
    o.order = OrderKind::parse(order);
    auto loaders = loaders_of_ranks(index, *reader, o, 3);
    for (int epoch = 0; epoch < 2; ++epoch) {
      std::set<std::int64_t> seen;
      for (std::int64_t step = 0; step < kSteps; ++step)
        for (const auto& [id, pixels] : next_step(loaders)) EXPECT_TRUE(seen.insert(id).second);
      EXPECT_EQ(seen.size(), 23u) << order;
    }
  }
}

TEST_F(LoaderSequence, ResumedAtAnyStepItIsTheUnbrokenSequence) {
  const std::vector<StepContent> expected = unbroken(options(), 2 * kSteps);
  for (std::int64_t start = 0; start <= kSteps; ++start) {
    LoaderOptions o = options();
    o.threads = 2;
    auto loaders = loaders_of_ranks(index, *reader, o, 2);
    next_steps(loaders, start % 3);  // queues are full of other batches
    for (int twice = 0; twice < 2; ++twice) {
      for (auto& loader : loaders) loader->seek(0, start);
      const std::vector<StepContent> rest(expected.begin() + start, expected.end());
      EXPECT_EQ(next_steps(loaders, 2 * kSteps - start), rest) << start;
    }
  }
}

/// Whatever changes in the middle of an epoch, no sample is used twice in it.
TEST_F(LoaderSequence, ChangesInsideAnEpochUseNoSampleTwice) {
  for (const std::int64_t window : {1, 2}) {
    for (const std::int64_t new_window : {1, 2}) {
      for (const std::int64_t batch_size : {2, 5, 7, 10}) {
        for (std::int64_t stop = 1; stop < kSteps; ++stop) {
          LoaderOptions before = options(), after = options();
          before.bucket_window = window;
          after.bucket_window = new_window;
          after.batch_size = batch_size;
          after.transform = Transform::parse("flip:32");
          auto loaders = loaders_of_ranks(index, *reader, before, 1);
          std::set<std::int64_t> seen;
          for (const StepContent& step : next_steps(loaders, stop))
            for (const auto& [id, pixels] : step) seen.insert(id);
          LoaderState state = first_state(index, before);
          state.next_step = stop;
          state = resume_state(state, first_state(index, after));
          if (state.epoch > 0) continue;  // the next epoch begins with everything
          EXPECT_EQ(state.next_step * batch_size, 5 * stop);
          auto others = loaders_of_ranks(index, *reader, after, 2);
          for (auto& loader : others) loader->seek(0, state.next_step);
          const std::int64_t steps = (23 + batch_size - 1) / batch_size;
          for (const StepContent& step : next_steps(others, steps - state.next_step))
            for (const auto& [id, pixels] : step)
              EXPECT_TRUE(seen.insert(id).second)
                  << id << " twice, " << window << " " << new_window << " " << batch_size;
          EXPECT_EQ(seen.size(), 23u);
        }
      }
    }
  }
}

TEST_F(LoaderSequence, GoesOnWithOtherNumbersOfRanks) {
  const std::vector<StepContent> expected = unbroken(options(), 2 * kSteps);
  std::vector<StepContent> found;
  LoaderState state = first_state(index, options());
  for (const auto& [world_size, steps] : {std::pair(4, 2), {3, 2}, {5, 6}}) {
    auto loaders = loaders_of_ranks(index, *reader, options(), world_size);
    state = resume_state(state, first_state(index, options()));
    for (auto& loader : loaders) loader->seek(state.epoch, state.next_step);
    for (int step = 0; step < steps; ++step) {
      found.push_back(next_step(loaders));
      if (++state.next_step == kSteps) state = resume_state(state, state);
    }
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(state.epoch, 2);
}

}  // namespace
}  // namespace intr

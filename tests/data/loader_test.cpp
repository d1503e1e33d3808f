// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "support/loader_steps.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using Content = test::StepContent;
using test::hash_of;
using test::next_step;

class LoaderTest : public testing::Test {
 protected:
  void make(test::TinySet what = {}) {
    test::make_tiny_set(folder / "set", what);
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
  test::Loaders ranks(const LoaderOptions& o, std::int64_t world_size) {
    return test::loaders_of_ranks(index, *reader, o, world_size);
  }

  test::TempDir folder;
  DataIndex index;
  std::optional<ShardReader> reader;
};

TEST_F(LoaderTest, EverySampleOnceAnEpoch) {
  make();
  for (const std::int64_t window : {1, 2, 50}) {
    LoaderOptions o = options();
    o.bucket_window = window;
    auto loaders = ranks(o, 1);
    EXPECT_EQ(loaders[0]->steps_per_epoch(), 3);
    for (int epoch = 0; epoch < 3; ++epoch) {
      std::set<std::int64_t> seen;
      for (int step = 0; step < 3; ++step)
        for (const auto& [id, pixels] : next_step(loaders)) EXPECT_TRUE(seen.insert(id).second);
      EXPECT_EQ(seen.size(), 12u) << "window " << window;
    }
  }
}

TEST_F(LoaderTest, DropLastLeavesOutTheRest) {
  make();
  LoaderOptions o = options();
  o.drop_last = true;
  auto loaders = ranks(o, 1);
  EXPECT_EQ(loaders[0]->steps_per_epoch(), 2);
  for (int step = 0; step < 4; ++step) EXPECT_EQ(next_step(loaders).size(), 5u);
}

TEST_F(LoaderTest, FewerSamplesThanRanksGiveEmptyMicroBatches) {
  make({.samples = {{"train", 2}}, .num_shards = 1});
  auto loaders = ranks(options(), 8);
  int empty = 0;
  for (auto& loader : loaders) {
    const MicroBatch batch = loader->next();
    EXPECT_TRUE(batch.last_of_step);
    EXPECT_EQ(batch.step_samples, 2);
    empty += batch.size() == 0 ? 1 : 0;
  }
  EXPECT_EQ(empty, 6);
}

TEST_F(LoaderTest, PicturesAreWhatThePlanSays) {
  make({.id_step = 3});
  LoaderOptions o = options();
  o.micro_batch = 5;
  TrainLoader loader(index, *reader, o);
  const MicroBatch batch = loader.next();
  ImageSize largest;
  for (std::size_t i = 0; i < batch.rows.size(); ++i) {
    const std::int64_t row = batch.rows[i];
    EXPECT_EQ(batch.sample_ids[i], row * 3);
    EXPECT_EQ(batch.labels[i], row % 3);
    const TransformPlan plan = plan_transform(o.transform, index.image_size(row), o.seed, 0,
                                              static_cast<std::uint64_t>(row) * 3);
    EXPECT_EQ(batch.sizes[i], plan.final);
    const Image image = apply_transform(plan, reader->decode(row));
    EXPECT_EQ(hash_of(batch, i), xxh3_64(std::as_bytes(std::span(image.rgb))));
    largest.height = std::max(largest.height, plan.final.height);
    largest.width = std::max(largest.width, plan.final.width);
  }
  EXPECT_EQ(batch.padded, largest);
}

TEST_F(LoaderTest, EvaluationSeesEverySampleOnceInBatchesOfOneSize) {
  make();
  const Transform transform = Transform::parse("val:32");
  for (const auto& [batch_size, world_size] :
       {std::pair(1, 5), {4, 1}, {4, 2}, {4, 20}, {5, 3}, {12, 2}}) {
    const std::vector<EvaluationBatch> plan = plan_evaluation(index, transform, batch_size);
    std::set<std::int64_t> seen;
    for (std::int64_t rank = 0; rank < world_size; ++rank) {
      EvaluationLoader loader(index, *reader, transform, batches_of_rank(plan, rank, world_size),
                              {.threads = 2});
      while (const auto batch = loader.next()) {
        EXPECT_LE(batch->size(), batch_size);
        EXPECT_EQ(batch->rows, plan[static_cast<std::size_t>(batch->step)].rows);
        for (const ImageSize size : batch->sizes) EXPECT_EQ(size, batch->padded);
        for (const std::int64_t id : batch->sample_ids) EXPECT_TRUE(seen.insert(id).second);
      }
      EXPECT_FALSE(loader.next());
    }
    EXPECT_EQ(seen.size(), 12u);
  }
}

TEST_F(LoaderTest, AFlippedByteIsThrownByNextAndNamesThePlace) {
  make({.num_shards = 1});
  const auto& shard = index.shards()[0];
  test::flip_byte(folder / "set/" + shard.file, shard.data_begin + index.begin(7) + 3);
  ShardReader fresh(index);
  LoaderOptions o = options();
  o.threads = 2;
  TrainLoader loader(index, fresh, o);
  std::string message;
  try {
    for (int i = 0; i < 9; ++i) loader.next();
  } catch (const DataError& error) {
    message = error.what();
  }
  const std::uint64_t begin = shard.data_begin + index.begin(7);
  EXPECT_NE(message.find(shard.file), std::string::npos) << message;
  EXPECT_NE(message.find("sample 7 (finch/7.png)"), std::string::npos) << message;
  EXPECT_NE(message.find(fmt::format("bytes {} to {}", begin, begin + index.length(7))),
            std::string::npos)
      << message;
  EXPECT_THROW(loader.next(), DataError) << "and ever after";
}

TEST_F(LoaderTest, ACutShardIsThrownByNextAndNamesThePlace) {
  make({.num_shards = 1});
  const std::string path = folder / "set/" + index.shards()[0].file;
  std::filesystem::resize_file(path, index.shards()[0].bytes / 2);
  ShardReader fresh(index);
  TrainLoader loader(index, fresh, options());
  try {
    loader.next();
    FAIL() << "no error";
  } catch (const DataError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("ends at byte"), std::string::npos) << message;
    EXPECT_NE(message.find("sample "), std::string::npos) << message;
    EXPECT_NE(message.find(".png), bytes "), std::string::npos) << message;
  }
}

TEST_F(LoaderTest, AMicroBatchOutlivesItsLoaderAndMayEndInAnotherThread) {
  make();
  std::optional<TrainLoader> loader(std::in_place, index, *reader, options());
  MicroBatch first = loader->next();
  const std::uint64_t before = hash_of(first, 0);
  MicroBatch second = loader->next();
  loader.reset();
  EXPECT_EQ(hash_of(first, 0), before);
  std::thread([batch = std::move(first)] { EXPECT_GT(batch.pixels.size(), 0u); }).join();
  EXPECT_GT(hash_of(second, 0), 0u);
}

TEST_F(LoaderTest, WaitsForASlotThatComesBackFromAnotherThread) {
  make();
  LoaderOptions o = options();
  o.slots = 1;
  TrainLoader loader(index, *reader, o);
  std::optional<MicroBatch> held = loader.next();
  std::thread releaser([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    held.reset();
  });
  EXPECT_EQ(loader.next().size(), 2) << "nothing else gives the slot back";
  releaser.join();
}

TEST_F(LoaderTest, TellsWhatABatchTook) {
  make();
  TrainLoader loader(index, *reader, options());
  for (int i = 0; i < 5; ++i) {
    const MicroBatch batch = loader.next();
    std::uint64_t bytes = 0;
    for (const std::int64_t row : batch.rows) bytes += index.length(row);
    EXPECT_EQ(batch.figures.bytes, bytes);
    EXPECT_GE(batch.figures.wait_s, 0);
    EXPECT_GT(batch.figures.read_s, 0);
    EXPECT_GT(batch.figures.decode_s, 0);
    EXPECT_GT(batch.figures.resize_s, 0);
    EXPECT_GE(batch.figures.queue, 1);
    EXPECT_LE(batch.figures.queue, 4);
  }
}

TEST_F(LoaderTest, TakesLessMemoryWhereItMust) {
  make();
  LoaderOptions o = options();
  o.threads = 4;
  auto expected = ranks(o, 1);
  o.memory = 33 << 20;
  auto small = ranks(o, 1);
  for (int step = 0; step < 4; ++step) EXPECT_EQ(next_step(small), next_step(expected));
  o.memory = 1 << 20;
  EXPECT_THROW(TrainLoader(index, *reader, o), EnvironmentError);
}

TEST_F(LoaderTest, PublishedBatchesOfEvaluationArePadded) {
  make();
  const Transform transform = Transform::parse("val:32");
  const auto plan = plan_evaluation(index, transform, 5, {}, EvaluationBatching::kReference);
  EvaluationLoader loader(index, *reader, transform, plan, {.threads = 2});
  std::int64_t next = 0;
  while (const auto batch = loader.next()) {
    for (const std::int64_t id : batch->sample_ids) EXPECT_EQ(id, next++);
    EXPECT_EQ(batch->padded, plan[static_cast<std::size_t>(batch->step)].size);
  }
  EXPECT_EQ(next, 12);
}

TEST_F(LoaderTest, EndsFromAnyState) {
  make();
  for (int steps = 0; steps < 4; ++steps) {
    LoaderOptions o = options();
    o.threads = 3;
    TrainLoader loader(index, *reader, o);
    for (int i = 0; i < steps; ++i) loader.next();
  }
}

TEST_F(LoaderTest, RefusesOptionsThatCannotWork) {
  make();
  LoaderOptions o = options();
  o.micro_batch = 0;
  EXPECT_THROW(TrainLoader(index, *reader, o), UsageError);
  o = options();
  o.batch_size = 13;
  o.drop_last = true;
  EXPECT_THROW(TrainLoader(index, *reader, o), DataError);
  TrainLoader loader(index, *reader, options());
  EXPECT_THROW(loader.seek(0, 4), InternalError);
}

}  // namespace
}  // namespace intr

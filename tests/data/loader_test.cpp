// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

/// What a step holds over all ranks: sample id -> hash of its pixels.
using Content = std::map<std::int64_t, std::uint64_t>;

std::uint64_t hash_of(const MicroBatch& batch, std::size_t i) {
  const auto bytes = static_cast<std::size_t>(batch.sizes[i].area()) * 3;
  return xxh3_64(std::as_bytes(std::span(batch.pixels).subspan(batch.offsets[i], bytes)));
}

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
  /// The next step of every rank, checked for completeness, united.
  Content next_step(std::vector<std::unique_ptr<TrainLoader>>& loaders) {
    Content content;
    std::int64_t next = 0, samples = -1;
    for (auto& loader : loaders) {
      for (bool last = false; !last;) {
        const MicroBatch batch = loader->next();
        EXPECT_EQ(batch.first_in_step, next);
        if (samples < 0) samples = batch.step_samples;
        EXPECT_EQ(batch.step_samples, samples);
        next += batch.size();
        for (std::size_t i = 0; i < batch.rows.size(); ++i)
          EXPECT_TRUE(content.emplace(batch.sample_ids[i], hash_of(batch, i)).second);
        last = batch.last_of_step;
      }
    }
    EXPECT_EQ(next, samples);
    return content;
  }
  std::vector<std::unique_ptr<TrainLoader>> ranks(LoaderOptions o, std::int64_t world_size) {
    std::vector<std::unique_ptr<TrainLoader>> loaders;
    o.world_size = world_size;
    for (o.rank = 0; o.rank < world_size; ++o.rank)
      loaders.push_back(std::make_unique<TrainLoader>(index, *reader, o));
    return loaders;
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

TEST_F(LoaderTest, SamplesAndPixelsDependNeitherOnRanksNorThreadsNorSlots) {
  make();
  std::vector<Content> expected;
  auto single = ranks(options(), 1);
  for (int step = 0; step < 7; ++step) expected.push_back(next_step(single));
  for (const std::int64_t world_size : {2, 3, 5, 8}) {
    LoaderOptions o = options();
    o.threads = world_size % 2 == 0 ? 3 : 1;
    o.slots = world_size;
    auto loaders = ranks(o, world_size);
    for (int step = 0; step < 7; ++step)
      EXPECT_EQ(next_step(loaders), expected[static_cast<std::size_t>(step)]) << world_size;
  }
}

TEST_F(LoaderTest, SeekEqualsTheUnbrokenSequence) {
  make();
  std::vector<Content> expected;
  auto unbroken = ranks(options(), 2);
  for (int step = 0; step < 9; ++step) expected.push_back(next_step(unbroken));
  for (int start = 0; start < 9; ++start) {
    auto loaders = ranks(options(), 2);
    if (start % 2 == 1) next_step(loaders);  // with batches in preparation
    for (auto& loader : loaders) loader->seek(start / 3, start % 3);
    for (int step = start; step < 9; ++step)
      EXPECT_EQ(next_step(loaders), expected[static_cast<std::size_t>(step)]) << start;
  }
  unbroken[0]->seek(0, 3);
  EXPECT_EQ(unbroken[0]->next().epoch, 1) << "the end of an epoch is the start of the next";
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
  const std::vector<EvaluationBatch> plan = plan_evaluation(index, transform, 4);
  for (const std::int64_t world_size : {1, 2, 20}) {
    std::set<std::int64_t> seen;
    for (std::int64_t rank = 0; rank < world_size; ++rank) {
      EvaluationLoader loader(index, *reader, transform, batches_of_rank(plan, rank, world_size),
                              2);
      while (const auto batch = loader.next()) {
        EXPECT_LE(batch->size(), 4);
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

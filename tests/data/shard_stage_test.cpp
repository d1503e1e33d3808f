// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_stage.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

class ShardStageTest : public testing::Test {
 protected:
  ShardStageTest() {
    test::make_tiny_set(set, {.samples = {{"train", 12}, {"val", 4}}, .num_shards = 3});
    index = DataIndex::open(set, "train");
  }
  std::string copy(std::size_t shard) const { return stage + "/" + index.shards()[shard].file; }
  std::set<std::string> staged() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(stage))
      names.insert(entry.path().filename());
    return names;
  }
  /// Every record through a reader, checked against the index.
  void expect_all_readable(const ShardReader& reader) const {
    for (std::int64_t row = 0; row < index.size(); ++row)
      EXPECT_EQ(xxh3_64(reader.read(row)), index.hash(row)) << row;
  }
  test::TempDir folder;
  std::string set = folder / "set";
  DataIndex index;
  std::string stage = folder / "stage/intr-00000000000000000000000000000001";
  StageOptions options{.folder = folder / "stage", .limit = 0, .keep = false, .copies = true};
};

TEST_F(ShardStageTest, CopiesAllShardsAndReadersUseThem) {
  ShardStage copies(index, options, {2, 0, 1});
  copies.wait();
  for (std::int64_t shard = 0; shard < 3; ++shard) {
    ASSERT_NE(copies.copy_of(shard), nullptr);
    EXPECT_EQ(*copies.copy_of(shard), copy(static_cast<std::size_t>(shard)));
    EXPECT_EQ(hash_file(*copies.copy_of(shard)),
              index.shards()[static_cast<std::size_t>(shard)].hash);
  }
  for (const DataIndex::Shard& shard : index.shards())
    std::filesystem::remove(set + "/" + shard.file);
  expect_all_readable(ShardReader(index, &copies));
}

/// Lets a test decide when a copy appears.
struct SwitchedCopies : ShardCopies {
  explicit SwitchedCopies(std::string where) : path(std::move(where)) {}
  const std::string* copy_of(std::int64_t shard) const noexcept override {
    return on && shard == 0 ? &path : nullptr;
  }
  std::string path;
  bool on = false;
};

TEST_F(ShardStageTest, AReaderTurnsToTheCopyWhenItAppears) {
  SwitchedCopies copies(folder / "copy.h5");
  const ShardReader reader(index, &copies);
  expect_all_readable(reader);
  const std::string original = set + "/" + index.shards()[0].file;
  std::filesystem::copy_file(original, copies.path);
  std::filesystem::resize_file(original, 100);  // the open descriptor sees it, too
  copies.on = true;
  expect_all_readable(reader);
}

TEST_F(ShardStageTest, ABadCopyIsGivenUpForItsOriginal) {
  const std::string original = set + "/" + index.shards()[0].file;
  for (const char* how : {"flipped", "cut", "missing"}) {
    SwitchedCopies copies(folder / how);
    copies.on = true;
    if (std::string(how) != "missing") std::filesystem::copy_file(original, copies.path);
    if (std::string(how) == "cut") std::filesystem::resize_file(copies.path, 1000);
    if (std::string(how) == "flipped")
      test::flip_byte(copies.path, index.shards()[0].data_begin + index.begin(1) + 5);
    expect_all_readable(ShardReader(index, &copies));
  }
}

TEST_F(ShardStageTest, ACopyThatVanishesOrDecaysLaterDoesNotStopAReader) {
  SwitchedCopies copies(folder / "copy.h5");
  copies.on = true;
  std::filesystem::copy_file(set + "/" + index.shards()[0].file, copies.path);
  const ShardReader reader(index, &copies);
  expect_all_readable(reader);
  std::filesystem::resize_file(copies.path, 1000);
  expect_all_readable(reader);
}

TEST_F(ShardStageTest, LeftOversAreUsedIfTheirHashIsRight) {
  { ShardStage(index, options).wait(); }
  const auto untouched = std::filesystem::last_write_time(copy(0));
  test::flip_byte(copy(1), 5000);
  write_file(stage + "/." + index.shards()[2].file + ".tmp-77", "half");
  ShardStage again(index, options);
  again.wait();
  EXPECT_EQ(std::filesystem::last_write_time(copy(0)), untouched);
  EXPECT_EQ(hash_file(copy(1)), index.shards()[1].hash);
  EXPECT_EQ(staged().size(), 3u) << "no temporary file stays";
}

TEST_F(ShardStageTest, WhatDoesNotFitStaysWhereItIs) {
  options.limit = index.shards()[0].bytes + index.shards()[1].bytes + 10;
  testing::internal::CaptureStderr();
  ShardStage copies(index, options);
  copies.wait();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("1 of 3 shards of split 'train'"), std::string::npos) << said;
  EXPECT_NE(copies.copy_of(0), nullptr);
  EXPECT_NE(copies.copy_of(1), nullptr);
  EXPECT_EQ(copies.copy_of(2), nullptr);
  expect_all_readable(ShardReader(index, &copies));
}

TEST_F(ShardStageTest, ANormalEndRemovesTheCopiesUnlessTheyAreKept) {
  const DataIndex val = DataIndex::open(set, "val");
  ShardStage others(val, options);
  others.wait();
  ShardStage copies(index, options);
  copies.wait();
  const ShardReader reader(index, &copies);
  expect_all_readable(reader);
  copies.remove();
  EXPECT_EQ(copies.copy_of(0), nullptr);
  expect_all_readable(reader);
  EXPECT_EQ(staged().size(), 3u) << "of the other split";
  others.remove();
  EXPECT_FALSE(std::filesystem::exists(stage));
  EXPECT_TRUE(std::filesystem::exists(folder / "stage"));
  options.keep = true;
  ShardStage kept(index, options);
  kept.wait();
  kept.remove();
  EXPECT_EQ(staged().size(), 3u);
}

TEST_F(ShardStageTest, OtherRanksOfTheNodeOnlyLook) {
  StageOptions looking = options;
  looking.copies = false;
  ShardStage looker(index, looking);
  EXPECT_EQ(looker.copy_of(0), nullptr);
  ShardStage copier(index, options);
  copier.wait();
  while (looker.copy_of(0) == nullptr || looker.copy_of(2) == nullptr)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  expect_all_readable(ShardReader(index, &looker));
  looker.remove();
  EXPECT_EQ(staged().size(), 3u) << "whoever copied removes";
}

TEST_F(ShardStageTest, AFolderThatCannotBeIsAWarning) {
  write_file(folder / "stage", "a file");
  testing::internal::CaptureStderr();
  ShardStage copies(index, options);
  copies.wait();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("no more shards are copied"), std::string::npos) << said;
  expect_all_readable(ShardReader(index, &copies));
}

TEST_F(ShardStageTest, ADamagedOriginalIsNotCopied) {
  test::flip_byte(set + "/" + index.shards()[1].file, 5000);
  ShardStage copies(index, options);
  copies.wait();
  EXPECT_NE(copies.copy_of(0), nullptr);
  EXPECT_EQ(copies.copy_of(1), nullptr);
  EXPECT_EQ(staged().size(), 2u);
}

}  // namespace
}  // namespace intr

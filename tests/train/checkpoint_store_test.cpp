// SPDX-License-Identifier: Apache-2.0
#include "intr/train/checkpoint_store.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "support/damage.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class CheckpointStoreTest : public testing::Test {
 protected:
  void save(CheckpointStore& store, std::initializer_list<std::int64_t> steps) {
    for (const std::int64_t step : steps) store.save(test::sample_checkpoint(step));
  }
  /// Steps of the files that are there.
  std::vector<std::int64_t> files() const {
    std::vector<std::int64_t> steps;
    for (const auto& file : fs::directory_iterator(folder_)) {
      if (const auto step = checkpoint_step(file.path().filename().string()))
        steps.push_back(*step);
    }
    std::sort(steps.begin(), steps.end());
    return steps;
  }
  test::TempDir run_;
  const std::string folder_ = run_ / "checkpoints";
};
using Steps = std::vector<std::int64_t>;

TEST_F(CheckpointStoreTest, AnEmptyFolderHoldsNothing) {
  EXPECT_FALSE(CheckpointStore(folder_, 3).load_newest().has_value());
}

TEST_F(CheckpointStoreTest, SavesListsAndLoadsTheNewest) {
  CheckpointStore store(folder_, 3);
  save(store, {5, 10});
  const auto loaded = CheckpointStore(folder_, 3).load_newest();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->checkpoint.step, 10);
  EXPECT_EQ(loaded->checkpoint.param, test::sample_checkpoint(10).param);
  EXPECT_EQ(fs::read_symlink(folder_ + "/last.h5"), "ckpt-0000000010.h5");
  EXPECT_EQ(read_manifest(folder_).size(), 2u);
}

TEST_F(CheckpointStoreTest, KeepsTheLastTheBestAndTheFinalOne) {
  CheckpointStore store(folder_, 2);
  save(store, {1, 2});
  store.note_evaluation(2, 50.0, true);
  save(store, {3});
  store.note_final(3);
  save(store, {4, 5, 6});
  EXPECT_EQ(files(), (Steps{2, 3, 5, 6}));
  EXPECT_EQ(fs::read_symlink(folder_ + "/best.h5"), "ckpt-0000000002.h5");
  store.note_evaluation(5, 60.0, true);  // the old best is not needed any more
  EXPECT_EQ(files(), (Steps{3, 5, 6}));
  EXPECT_EQ(find_checkpoint(run_.path()), store.path_of(5));
}

TEST_F(CheckpointStoreTest, MajorOnesStay) {
  CheckpointStore store(folder_, 1);
  const Checkpoint major = test::sample_checkpoint(1);
  store.save(major, flat_values_of(major), true);
  save(store, {2, 3, 4});
  EXPECT_EQ(files(), (Steps{1, 4}));
  EXPECT_TRUE(read_manifest(folder_).front().tagged("major"));
}

TEST_F(CheckpointStoreTest, SuspectOnesAreNotGoneOnFromAndDoNotPushGoodOnesOut) {
  CheckpointStore store(folder_, 2);
  save(store, {1, 2});
  store.note_suspect_beyond(1);
  save(store, {3});
  store.note_suspect_beyond(1);
  EXPECT_EQ(store.load_newest()->checkpoint.step, 1);
  EXPECT_EQ(find_checkpoint(run_.path()), store.path_of(1));
  EXPECT_EQ(files().front(), 1);
}

TEST_F(CheckpointStoreTest, MakesRoomButKeepsTwo) {
  CheckpointStore store(folder_, 5);
  save(store, {1, 2, 3, 4});
  store.note_evaluation(1, 50.0, true);
  store.make_room(2);
  EXPECT_EQ(files(), (Steps{1, 3, 4}));
  EXPECT_EQ(read_manifest(folder_).size(), 3u);
}

TEST_F(CheckpointStoreTest, ANoteWaitsForItsStepToBeListed) {
  CheckpointStore store(folder_, 3);
  save(store, {1});
  store.note_evaluation(1, 40.0, true);
  store.note_evaluation(2, 50.0, true);  // still being written, say
  EXPECT_EQ(find_checkpoint(run_.path()), store.path_of(1)) << "the old best until then";
  save(store, {2});
  EXPECT_EQ(find_checkpoint(run_.path()), store.path_of(2));
  EXPECT_EQ(fs::read_symlink(folder_ + "/best.h5"), "ckpt-0000000002.h5");
  EXPECT_EQ(store.entries().at(1).metric, 50.0);
}

TEST_F(CheckpointStoreTest, ASecondSaveOfAStepKeepsItsTags) {
  CheckpointStore store(folder_, 3);
  save(store, {1});
  store.note_evaluation(1, 40.0, true);
  save(store, {1});
  ASSERT_EQ(store.entries().size(), 1u);
  EXPECT_TRUE(store.entries()[0].tagged("best"));
  EXPECT_EQ(store.entries()[0].metric, 40.0);
}

TEST_F(CheckpointStoreTest, AdoptsWholeFilesThatManifestLacks) {
  {
    CheckpointStore store(folder_, 5);
    save(store, {1, 2, 3});
    test::flip_byte(store.path_of(2), fs::file_size(store.path_of(2)) - 10);
  }
  write_file(folder_ + "/MANIFEST", "1\t2\tckpt-0000000001.h5\t99");  // torn
  CheckpointStore store(folder_, 5);
  EXPECT_EQ(store.load_newest()->checkpoint.step, 3);
  store.adopt_unlisted();
  ASSERT_EQ(store.entries().size(), 2u) << "the damaged one is not listed";
  EXPECT_EQ(store.entries()[1].step, 3);
  EXPECT_EQ(read_manifest(folder_).size(), 2u);
}

TEST_F(CheckpointStoreTest, NeverDeletesTheNewest) {
  CheckpointStore store(folder_, 0);
  save(store, {1, 2, 3});
  EXPECT_EQ(files(), Steps{3});
}

TEST_F(CheckpointStoreTest, FallsBackFromDamagedFiles) {
  CheckpointStore store(folder_, 5);
  save(store, {1, 2, 3, 4});
  test::cut(store.path_of(4), 2000);
  test::flip_byte(store.path_of(3), fs::file_size(store.path_of(3)) - 10);
  const auto loaded = store.load_newest();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->checkpoint.step, 2);
}

TEST_F(CheckpointStoreTest, FindsFilesWithoutAManifest) {
  CheckpointStore store(folder_, 5);
  save(store, {1, 2});
  fs::remove(folder_ + "/MANIFEST");
  const auto loaded = CheckpointStore(folder_, 5).load_newest();
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->checkpoint.step, 2);
}

TEST_F(CheckpointStoreTest, OrderComesFromStepsNotFromTimes) {
  CheckpointStore store(folder_, 5);
  save(store, {9, 3});
  EXPECT_EQ(store.load_newest()->checkpoint.step, 9);
  fs::rename(store.path_of(9), store.path_of(12));  // a file whose name lies
  EXPECT_EQ(store.load_newest()->checkpoint.step, 3);
}

TEST_F(CheckpointStoreTest, AllDamagedIsADataErrorThatSaysWhy) {
  CheckpointStore store(folder_, 5);
  save(store, {1, 2});
  test::cut(store.path_of(1), 0);
  test::cut(store.path_of(2), 100);
  try {
    static_cast<void>(store.load_newest());
    FAIL() << "damaged checkpoints were accepted";
  } catch (const DataError& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("no checkpoint can be gone on from"), std::string::npos);
    EXPECT_NE(text.find("ckpt-0000000001.h5"), std::string::npos);
    EXPECT_NE(text.find("--fresh"), std::string::npos);
  }
}

TEST_F(CheckpointStoreTest, TemporaryFilesOfADeadProcessGo) {
  make_folder(folder_);
  write_file(folder_ + "/.ckpt-0000000007.h5.tmp-99", "torn");
  const CheckpointStore store(folder_, 3);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(CheckpointStoreTest, WhatLiesBeyondIsSetAside) {
  CheckpointStore store(folder_, 5);
  save(store, {1, 2, 3});
  store.set_aside_beyond(1);
  EXPECT_EQ(files(), Steps{1});
  EXPECT_TRUE(fs::exists(store.path_of(3) + ".aside"));
  EXPECT_EQ(store.load_newest()->checkpoint.step, 1);
}

TEST_F(CheckpointStoreTest, MovesTheFolderAwayUnderAFreeName) {
  EXPECT_EQ(move_checkpoints_away(folder_), "");
  make_folder(folder_ + ".old-1");
  CheckpointStore store(folder_, 5);
  save(store, {1});
  EXPECT_EQ(move_checkpoints_away(folder_), folder_ + ".old-2");
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(CheckpointStoreTest, AFolderThatCannotBeMadeIsAnEnvironmentError) {
  write_file(run_ / "file", "in the way");
  EXPECT_THROW(CheckpointStore(run_ / "file/checkpoints", 3), EnvironmentError);
}

}  // namespace
}  // namespace intr

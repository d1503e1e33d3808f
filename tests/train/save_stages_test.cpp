// SPDX-License-Identifier: Apache-2.0
// Saves that die or fail at each of their stages: a checkpoint to go on from is always there, and
// nothing temporary outlives the next start.
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/train/checkpoint_store.h"
#include "intr/weights/save_stage.h"
#include "support/child.h"
#include "support/sample_checkpoint.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class SaveStagesTest : public testing::TestWithParam<SaveStage> {
 protected:
  SaveStagesTest() { log::set_quiet(true); }
  /// Does something as the stage of a test begins.
  template <class Action>
  SaveHook at_stage(Action action) const {
    return [stage = GetParam(), action](SaveStage now) {
      if (now == stage) action();
    };
  }
  std::vector<std::string> temporary_files() const {
    std::vector<std::string> names;
    for (const auto& file : fs::directory_iterator(folder_)) {
      const std::string name = file.path().filename().string();
      if (name.find(".tmp-") != std::string::npos) names.push_back(name);
    }
    return names;
  }
  /// The newest must be whole: the last one, or the one before.
  std::int64_t newest_step() const {
    const auto loaded = CheckpointStore(folder_, 3).load_newest();
    if (!loaded) return -1;
    const std::int64_t step = loaded->checkpoint.step;
    EXPECT_EQ(loaded->checkpoint.param, test::sample_checkpoint(step).param);
    return step;
  }
  bool renamed() const { return GetParam() > SaveStage::kRename; }

  test::TempDir run_;
  const std::string folder_ = run_ / "checkpoints";
};

TEST_P(SaveStagesTest, KilledThereARunGoesOn) {
  const test::ChildResult child = test::in_child([&]() -> std::string {
    CheckpointStore store(folder_, 3);
    store.save(test::sample_checkpoint(1));
    store.on_stage(at_stage([] { ::raise(SIGKILL); }));
    store.save(test::sample_checkpoint(2));
    return "not killed";
  });
  ASSERT_EQ(child.signal, SIGKILL) << child.text;
  CheckpointStore next(folder_, 3);
  EXPECT_EQ(temporary_files(), std::vector<std::string>{});
  EXPECT_EQ(newest_step(), renamed() ? 2 : 1);
  next.adopt_unlisted();
  EXPECT_EQ(next.entries().size(), renamed() ? 2u : 1u);
  next.save(test::sample_checkpoint(3));
  EXPECT_EQ(newest_step(), 3);
  EXPECT_EQ(read_manifest(folder_).size(), renamed() ? 3u : 2u);
}

void expect_failed_save(CheckpointStore& store, SaveStage stage) {
  if (stage == SaveStage::kPrune)  // the new one is saved; old ones stay until the next time
    EXPECT_NO_THROW(store.save(test::sample_checkpoint(2)));
  else
    EXPECT_THROW(store.save(test::sample_checkpoint(2)), EnvironmentError);
}

TEST_P(SaveStagesTest, AFailureThereLeavesWhatWasThereAndNothingElse) {
  for (const int error : {ENOSPC, EDQUOT, EIO}) {
    fs::remove_all(folder_);
    CheckpointStore store(folder_, 3);
    store.save(test::sample_checkpoint(1));
    store.on_stage(at_stage([&] { throw_system_error("write", folder_, error); }));
    expect_failed_save(store, GetParam());
    EXPECT_EQ(temporary_files(), std::vector<std::string>{});
    EXPECT_EQ(newest_step(), renamed() ? 2 : 1);
    store.on_stage({});
    store.save(test::sample_checkpoint(3));
    EXPECT_EQ(newest_step(), 3);
    EXPECT_EQ(read_manifest(folder_).size(), renamed() ? 3u : 2u)
        << "a file that got its name is listed at the next chance";
  }
}

INSTANTIATE_TEST_SUITE_P(Each, SaveStagesTest, testing::ValuesIn(kSaveStages),
                         [](const auto& stage) { return std::string(name_of(stage.param)); });

TEST(SaveStages, AreGoneThroughInTheirOrder) {
  const test::TempDir run;
  CheckpointStore store(run / "checkpoints", 3);
  std::vector<SaveStage> seen;
  store.on_stage([&](SaveStage stage) { seen.push_back(stage); });
  store.save(test::sample_checkpoint(1));
  EXPECT_EQ(seen, std::vector<SaveStage>(kSaveStages.begin(), kSaveStages.end()));
}

TEST(SaveStages, WhatDoesNotReadBackIsNoCheckpoint) {
  const test::TempDir run;
  CheckpointStore store(run / "checkpoints", 3);
  store.on_stage([&](SaveStage stage) {
    if (stage != SaveStage::kReopen) return;
    for (const auto& file : fs::directory_iterator(run / "checkpoints"))
      fs::resize_file(file.path(), fs::file_size(file.path()) / 2);
  });
  EXPECT_THROW(store.save(test::sample_checkpoint(1)), EnvironmentError);
  EXPECT_TRUE(fs::is_empty(run / "checkpoints"));
}

TEST(SaveStages, AWriterThatLostTheRunWritesNothing) {
  const test::TempDir run;
  CheckpointStore store(run / "checkpoints", 3);
  store.set_fence([] { throw PeerError("another job took the run over"); });
  EXPECT_THROW(store.save(test::sample_checkpoint(1)), PeerError);
  EXPECT_TRUE(fs::is_empty(run / "checkpoints"));
}

}  // namespace
}  // namespace intr

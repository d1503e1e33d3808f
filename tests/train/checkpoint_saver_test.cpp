// SPDX-License-Identifier: Apache-2.0
#include "intr/train/checkpoint_saver.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cerrno>
#include <filesystem>
#include <future>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "support/small_state.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

class CheckpointSaverTest : public testing::Test {
 protected:
  CheckpointSaverTest() { log::set_quiet(true); }
  static RunState at_step(std::int64_t step) {
    RunState state;
    state.cursor.step = step;
    return state;
  }
  static Checkpoint identity() {
    Checkpoint identity;
    identity.classes = {"a", "b", "c"};
    identity.sampler = {{"batch_size", 5}};
    return identity;
  }
  void change_state() {
    const torch::NoGradGuard no_gradients;
    state_->flat().param().add_(1);
  }

  test::TempDir run_;
  const std::string folder_ = run_ / "checkpoints";
  CheckpointStore store_{folder_, 3};
  std::unique_ptr<TrainingState> state_ = test::small_state(1);
};

TEST_F(CheckpointSaverTest, WritesTheStateOfTheMomentWhileTrainingGoesOn) {
  Checkpoint expected;
  state_->snapshot(expected);
  std::promise<void> changed;
  std::shared_future<void> wait_for_change = changed.get_future().share();
  store_.on_stage([=](SaveStage stage) {
    if (stage == SaveStage::kCreate) wait_for_change.wait();
  });
  CheckpointSaver saver(store_, *state_, identity());
  EXPECT_TRUE(saver.start(at_step(7), false).has_value());
  change_state();
  EXPECT_FALSE(saver.start(at_step(8), false).has_value()) << "the last save still runs";
  EXPECT_TRUE(saver.take_reports().empty());
  changed.set_value();
  saver.wait();
  const std::vector<SaveReport> reports = saver.take_reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].step, 7);
  EXPECT_EQ(reports[0].trouble, "");
  EXPECT_TRUE(reports[0].in_background);
  EXPECT_EQ(reports[0].bytes, fs::file_size(store_.path_of(7)));
  const Checkpoint written = read_checkpoint(store_.path_of(7));
  EXPECT_EQ(written.param, expected.param);
  EXPECT_EQ(written.exp_avg_sq, expected.exp_avg_sq);
  EXPECT_EQ(written.frozen, expected.frozen);
  EXPECT_EQ(written.classes.size(), 3u);
}

TEST_F(CheckpointSaverTest, SavesAtOnceAfterARunningSave) {
  CheckpointSaver saver(store_, *state_, identity());
  EXPECT_TRUE(saver.start(at_step(1), true).has_value());
  const SaveReport report = saver.save_now(at_step(2), false);
  EXPECT_FALSE(report.in_background);
  EXPECT_EQ(report.path, store_.path_of(2));
  EXPECT_TRUE(store_.entries().at(0).tagged("major"));
  EXPECT_EQ(store_.load_newest()->checkpoint.step, 2);
}

TEST_F(CheckpointSaverTest, AFullDiskIsAReportAndMakesRoom) {
  CheckpointSaver saver(store_, *state_, identity());
  for (const std::int64_t step : {1, 2, 3}) saver.save_now(at_step(step), false);
  store_.on_stage([this](SaveStage stage) {
    if (stage == SaveStage::kWrite) throw_system_error("write", folder_, ENOSPC);
  });
  EXPECT_TRUE(saver.start(at_step(4), false).has_value());
  saver.wait();
  const std::vector<SaveReport> reports = saver.take_reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_NE(reports[0].trouble.find("No space left"), std::string::npos) << reports[0].trouble;
  ASSERT_EQ(store_.entries().size(), 2u);
  EXPECT_EQ(store_.entries()[0].step, 2);
  EXPECT_THROW(saver.save_now(at_step(4), false), EnvironmentError);
  store_.on_stage({});
  EXPECT_TRUE(saver.start(at_step(5), false).has_value()) << "the next interval tries again";
  saver.wait();
  EXPECT_EQ(store_.load_newest()->checkpoint.step, 5);
}

TEST_F(CheckpointSaverTest, ALostRunEndsTheJobAtItsNextStep) {
  store_.set_fence([] { throw PeerError("another job took the run over"); });
  CheckpointSaver saver(store_, *state_, identity());
  EXPECT_TRUE(saver.start(at_step(1), false).has_value());
  saver.wait();
  EXPECT_THROW(static_cast<void>(saver.take_reports()), PeerError);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(CheckpointSaverTest, ARunningSaveEndsBeforeItsOwnerDoes) {
  { CheckpointSaver(store_, *state_, identity()).start(at_step(1), false); }
  EXPECT_EQ(store_.load_newest()->checkpoint.step, 1);
}

}  // namespace
}  // namespace intr

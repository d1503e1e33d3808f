// SPDX-License-Identifier: Apache-2.0
// Which checkpoints are skipped while one is being written, and which wait. What the recorder
// writes of steps and evaluations is read by training_job_test.
#include "intr/train/run_recorder.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "support/small_state.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class RunRecorderTest : public testing::Test {
 protected:
  RunRecorderTest() {
    log::set_quiet(true);
    // Each save is still being written when the next is wanted.
    store_.on_stage([](SaveStage stage) {
      if (stage == SaveStage::kWrite) std::this_thread::sleep_for(std::chrono::milliseconds(500));
    });
  }
  static RunState after(std::int64_t step, std::int64_t epoch) {
    RunState state;
    state.cursor.step = step;
    state.cursor.epoch = epoch;
    return state;
  }
  /// Steps 1 and 2 want a checkpoint right after each other; the second ends an epoch.
  void save_twice(std::int64_t keep_every) {
    RunRecorder recorder(directory_, store_, *state_, Checkpoint{},
                         {.save = {.steps = 1}, .keep_every = keep_every});
    recorder.save(after(1, 0), SaveReason::kInterval, false);
    recorder.save(after(2, 1), SaveReason::kInterval, true);
  }
  std::string events() const { return read_file(run_ / "run/events.jsonl"); }

  test::TempDir run_;
  RunDirectory directory_{run_ / "run", false};
  CheckpointStore store_{directory_.checkpoint_folder(), 3};
  std::unique_ptr<TrainingState> state_ = test::small_state(1);
};

TEST_F(RunRecorderTest, ASaveIsSkippedWhileTheLastOneRuns) {
  save_twice(0);
  ASSERT_EQ(store_.entries().size(), 1U);
  EXPECT_EQ(store_.entries()[0].step, 1);
  EXPECT_NE(events().find("save-skipped"), std::string::npos);
}

TEST_F(RunRecorderTest, OneThatStaysForGoodWaits) {
  save_twice(1);
  ASSERT_EQ(store_.entries().size(), 2U);
  EXPECT_EQ(store_.entries()[1].step, 2);
  EXPECT_TRUE(store_.entries()[1].tagged("major"));
  EXPECT_EQ(events().find("save-skipped"), std::string::npos);
}

}  // namespace
}  // namespace intr

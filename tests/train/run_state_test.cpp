// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_state.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/sample_checkpoint.h"

namespace intr {
namespace {

RunState sample() {
  RunState state;
  state.cursor = {.step = 120, .epoch = 3, .next_position = 96};
  state.epoch_sums = {.loss = 1.0 / 3.0, .hits1 = 5, .hits5 = 7, .samples = 96};
  state.optimizer_steps = 119;
  state.skips_in_a_row = 1;
  state.evaluation_pending = true;
  state.best_acc1 = 200.0 / 3.0;
  state.best_step = 80;
  state.restarts = 2;
  state.wall_s = 12.5;
  return state;
}

TEST(RunState, GoesThroughACheckpointUnchanged) {
  Checkpoint checkpoint = test::sample_checkpoint();
  sample().put_into(checkpoint);
  EXPECT_EQ(checkpoint.step, 120);
  EXPECT_EQ(checkpoint.phase, "eval");
  EXPECT_EQ(checkpoint.sampler.at("next_position"), 96);
  EXPECT_EQ(RunState::of(checkpoint, "file").to_json().dump(), sample().to_json().dump());
}

TEST(RunState, GoesThroughTextUnchanged) {
  const auto json = nlohmann::ordered_json::parse(sample().to_json().dump());
  const RunState read = RunState::from_json(json, "text");
  EXPECT_EQ(read.epoch_sums.loss, 1.0 / 3.0);  // doubles survive as text, to the last bit
  EXPECT_EQ(read.best_acc1, 200.0 / 3.0);
  EXPECT_EQ(read.to_json().dump(), sample().to_json().dump());
}

TEST(RunState, AMissingMemberNamesTheFile) {
  Checkpoint checkpoint = test::sample_checkpoint();
  sample().put_into(checkpoint);
  checkpoint.history.erase("best_step");
  try {
    static_cast<void>(RunState::of(checkpoint, "ckpt-7.h5"));
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("ckpt-7.h5"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("best_step"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr

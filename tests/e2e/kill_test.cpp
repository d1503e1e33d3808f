// SPDX-License-Identifier: Apache-2.0
// A run that is killed at random moments. scripts/soak_checkpoints.sh does the same for longer.
#include <gtest/gtest.h>

#include "intr/weights/checkpoint_file.h"
#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/temp_dir.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

TEST(Kill, ARunThatIsKilledAgainAndAgainEqualsTheUnbrokenOne) {
  const test::TempDir folder;
  const std::string set = test::make_colored_squares(folder.path());
  const test::ProgramResult soak = test::run_program(
      "timeout 450 " + test::quoted(INTR_SOAK_SCRIPT) + " " + test::quoted(INTR_PROGRAM_FOLDER) +
      " " + test::quoted(set) + " " + test::quoted(folder / "soak") + " 20" +
      test::tiny_flags("--epochs 60 --save-every 1steps"));
  ASSERT_EQ(soak.exit_code, 0) << soak.output << soak.errors;
  const Checkpoint whole = read_checkpoint(folder / "soak/whole/checkpoints/last.h5");
  const Checkpoint killed = read_checkpoint(folder / "soak/killed/checkpoints/last.h5");
  EXPECT_EQ(whole.step, 240);
  EXPECT_EQ(whole.step, killed.step);
  EXPECT_EQ(whole.param, killed.param);
  EXPECT_EQ(whole.exp_avg, killed.exp_avg);
  EXPECT_EQ(whole.exp_avg_sq, killed.exp_avg_sq);
  EXPECT_EQ(whole.sampler.dump(), killed.sampler.dump());
  EXPECT_EQ(whole.schedule.dump(), killed.schedule.dump());
}

}  // namespace
}  // namespace intr

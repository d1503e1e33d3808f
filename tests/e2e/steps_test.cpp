// SPDX-License-Identifier: Apache-2.0
// Memory and descriptors of a run of many steps. scripts/soak_steps.py does the same for longer.
#include <gtest/gtest.h>

#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/temp_dir.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

TEST(Steps, NothingGrowsFromStepToStep) {
  const test::TempDir folder;
  const std::string set = test::make_colored_squares(folder.path(), {.one_size = true});
  // Every tenth has checkpoints and evaluations. 150 bytes a step would be 66 KiB in three tenths.
  const test::ProgramResult soak = test::run_program(
      "timeout 560 " INTR_PYTHON " " + test::quoted(INTR_SOAK_SCRIPT) + " " +
      test::quoted(INTR_PROGRAM_FOLDER) + " " + test::quoted(set) + " " +
      test::quoted(folder / "run") + " 1500 --limit 64" +
      test::tiny_flags("--batch-size 1 --micro-batch 1 --eval-every 2 --save-every 50steps"
                       " --guard-every 100 --log-every 5 --epochs 84"));
  EXPECT_EQ(soak.exit_code, 0) << soak.output << soak.errors;
}

}  // namespace
}  // namespace intr

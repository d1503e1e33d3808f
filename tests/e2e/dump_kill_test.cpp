// SPDX-License-Identifier: Apache-2.0
// Attention dumps that are killed at random moments. scripts/soak_dump.py does the same for longer.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/model_file.h"
#include "support/programs.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(DumpKill, ADumpThatIsKilledAgainAndAgainEqualsTheUnbrokenOne) {
  const test::TempDir folder;
  test::TinySet set;
  set.samples = {{"val", 40}};
  set.size = [](std::int64_t i) { return ImageSize{24 + i % 3 * 8, 32}; };
  test::make_tiny_set(folder / "set", set);
  test::write_model_file(folder / "model.h5", test::tiny_model(std::ssize(set.classes)),
                         set.classes);
  const test::ProgramResult soak = test::run_program(
      "timeout 280 " + test::quoted(INTR_PYTHON) + " " + test::quoted(INTR_SOAK_SCRIPT) + " " +
      test::quoted(INTR_PROGRAM_FOLDER) + " " + test::quoted(folder / "model.h5") + " " +
      test::quoted(folder / "set") + " " + test::quoted(folder / "soak") +
      " 50 --threads 1 --device cpu --batch-size 3 --piece-samples 2 --layers all");
  EXPECT_EQ(soak.exit_code, 0) << soak.errors;
  fmt::print("{}", soak.output);
}

}  // namespace
}  // namespace intr

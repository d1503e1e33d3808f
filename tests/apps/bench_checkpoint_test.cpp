// SPDX-License-Identifier: Apache-2.0
// intr-bench checkpoint as a user runs it: the fields of its result, never its speed.
#include <gtest/gtest.h>

#include "intr/io/json_file.h"
#include "support/programs.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

TEST(BenchCheckpoint, TheResultHasItsFields) {
  const test::TempDir folder;
  const std::string command =
      test::program("bench") + " checkpoint --out " + test::quoted(folder / "saves") +
      " --backbone resnet18 --backbone-stages 3 --hidden-dim 32 --nheads 4 --enc-layers 1"
      " --dec-layers 1 --dim-feedforward 64 --classes 3 --rounds 2 --json " +
      test::quoted(folder / "result.json");
  const test::ProgramResult result = test::run_program(command);
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto json = read_json(folder / "result.json");
  EXPECT_EQ(json.at("bench"), "checkpoint");
  ASSERT_EQ(json.at("rounds").size(), 2u);
  for (const char* name : {"stall_ms", "save_s", "load_s", "mb"})
    EXPECT_GT(json.at("summary").at(name).at("median").get<double>(), 0) << name;
  EXPECT_EQ(test::run_program(command).exit_code, 2) << "the folder exists";
}

}  // namespace
}  // namespace intr

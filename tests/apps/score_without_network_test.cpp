// SPDX-License-Identifier: Apache-2.0
// intr-score of a build without LibTorch.
#include <gtest/gtest.h>

#include "support/programs.h"

namespace intr {
namespace {

TEST(ScoreWithoutNetwork, SaysWhatIsMissing) {
  const test::ProgramResult result =
      test::run_program(test::program("score") + " model dump --out out");
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_NE(result.errors.find("built without LibTorch"), std::string::npos) << result.errors;
}

}  // namespace
}  // namespace intr

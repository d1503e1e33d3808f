// SPDX-License-Identifier: Apache-2.0
// intr-eval as a user meets it: the same text on any number of ranks, and bad input.
#include <gtest/gtest.h>

#include <filesystem>

#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/colored_squares.h"
#include "support/damage.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::quoted;

class EvalProgramTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TempDir;
    test::make_colored_squares(folder_->path());
    const ProgramResult trained =
        test::run_program(test::program("train") + " --data " + quoted(*folder_ / "set") +
                          " --out " + quoted(*folder_ / "run") + test::tiny_flags("--max-steps 2"));
    ASSERT_EQ(trained.exit_code, 0) << trained.errors;
  }
  static void TearDownTestSuite() { delete folder_; }

  static ProgramResult evaluate(int ranks, const std::string& set, const std::string& more = {}) {
    return test::run_program("timeout 100 " + test::on_ranks(ranks) + test::program("eval") +
                             " --model " + quoted(*folder_ / "run") + " --data " +
                             quoted(*folder_ / set) + " --threads 1 --batch-size 2 " + more);
  }
  static inline test::TempDir* folder_ = nullptr;
};

TEST_F(EvalProgramTest, TheSameTextOnAnyNumberOfRanks) {
  const auto file = [&](const char* kind, int ranks) {
    return *folder_ / (std::string(kind) + std::to_string(ranks));
  };
  std::string first;
  for (const int ranks : {1, 2, 4}) {
    const ProgramResult result =
        evaluate(ranks, "set", "--json --csv " + quoted(file("csv", ranks)));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    if (ranks == 1) first = result.output;
    EXPECT_EQ(result.output, first) << ranks << " ranks";
    EXPECT_EQ(read_file(file("csv", ranks)), read_file(file("csv", 1)));
  }
  const auto json = nlohmann::ordered_json::parse(first);
  EXPECT_EQ(json.at("samples"), 9);
  EXPECT_EQ(json.at("hits5"), 9);  // of three classes
  const auto lines = read_file(file("csv", 1));
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 10);
}

TEST_F(EvalProgramTest, MoreRanksThanSamples) {
  test::make_colored_squares(*folder_ / "small", {.train_per_class = 1, .val_per_class = 1});
  const ProgramResult result = evaluate(4, "small/set", "--json");
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(nlohmann::ordered_json::parse(result.output).at("samples"), 3);
}

TEST_F(EvalProgramTest, BadInput) {
  EXPECT_EQ(evaluate(1, "set", "--splitt val").exit_code, 2);
  EXPECT_EQ(evaluate(2, "nothing").exit_code, 65);
  EXPECT_EQ(evaluate(1, "set", "--split test").exit_code, 65);
  test::make_colored_squares(*folder_ / "wide", {.num_classes = 4});
  EXPECT_EQ(evaluate(2, "wide/set").exit_code, 65);
  write_file(*folder_ / "text.h5", "this is no checkpoint");
  const ProgramResult other =
      test::run_program(test::program("eval") + " --data " + quoted(*folder_ / "set") +
                        " --model " + quoted(*folder_ / "text.h5"));
  EXPECT_EQ(other.exit_code, 65);
  EXPECT_NE(other.errors.find("text.h5"), std::string::npos);
}

}  // namespace
}  // namespace intr

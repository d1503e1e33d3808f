// SPDX-License-Identifier: Apache-2.0
// intr-train --plan as a user runs it, without a launcher; and how training takes a profile.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using test::ProgramResult;
using test::quoted;

class TrainPlanTest : public testing::Test {
 protected:
  ProgramResult plan(const std::string& words) const {
    return test::run_program(test::program("train") + " --plan" + test::tiny_flags(words));
  }
  void write_profile(const Json& beta_gb_s) const {
    write_json(profile_, {{"schema", "intr-bench/1"},
                          {"bench", "comm"},
                          {"summary",
                           {{"ranks", 2},
                            {"nodes", 1},
                            {"alpha_us", 3.5},
                            {"beta_gb_s", beta_gb_s},
                            {"fit_error", 0.1}}}});
  }
  test::TempDir folder_;
  const std::string profile_ = folder_ / "profile.json";
};

TEST_F(TrainPlanTest, NumbersAreFiniteAndSayWhereTheyComeFrom) {
  for (const char* ranks : {"1", "8", "1024"}) {
    const std::string words = "--num-queries 3 --ranks " + std::string(ranks);
    const ProgramResult shown = plan(words);
    ASSERT_EQ(shown.exit_code, 0) << shown.errors;
    EXPECT_NE(shown.output.find("modelled"), std::string::npos) << shown.output;
    EXPECT_NE(shown.output.find("assumed"), std::string::npos) << shown.output;
    const ProgramResult result = plan(words + " --json");
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    const Json json = Json::parse(result.output);
    for (const auto& [name, figure] : json.at("figures").items())
      EXPECT_TRUE(figure.at("value").is_number() && std::isfinite(figure.at("value").get<double>()))
          << name;
    EXPECT_FALSE(json.at("bucket_bytes").empty());
  }
}

TEST_F(TrainPlanTest, AProfileMakesALinkMeasured) {
  write_profile(2.5);
  const ProgramResult result =
      plan("--ranks 8 --num-queries 3 --json --comm-profile " + quoted(profile_));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json figure = Json::parse(result.output).at("figures").at("node_bandwidth");
  EXPECT_EQ(figure.at("origin"), "measured");
  EXPECT_NEAR(figure.at("value").get<double>(), 2.5, 1e-9);
}

TEST_F(TrainPlanTest, ABrokenProfileIsBadData) {
  write_profile("fast");
  for (const int damage : {0, 1}) {
    if (damage == 1) write_file(profile_, "{");
    const ProgramResult result = plan("--ranks 8 --comm-profile " + quoted(profile_));
    EXPECT_EQ(result.exit_code, 65) << result.errors;
    for (const char* word : {"profile.json", "Next: "})
      EXPECT_NE(result.errors.find(word), std::string::npos) << word << " in " << result.errors;
  }
  EXPECT_EQ(plan("--ranks 8 --comm-profile " + quoted(folder_ / "none")).exit_code, 65);
}

TEST_F(TrainPlanTest, WrongUseIsTwo) {
  EXPECT_EQ(plan("").exit_code, 2) << "ranks are needed";
  EXPECT_EQ(plan("--ranks 0").exit_code, 2);
  EXPECT_EQ(plan("--ranks 8 --network fddi").exit_code, 2);
  EXPECT_EQ(plan("--ranks 8 --lr-scheduler none").exit_code, 2);
  EXPECT_EQ(test::run_program(test::program("train") + " --plan --help").exit_code, 0);
}

TEST_F(TrainPlanTest, TrainingTakesItsBucketsFromAProfile) {
  const std::string set = test::make_colored_squares(folder_.path());
  const auto train = [&](const std::string& run) {
    return test::run_program(
        test::on_ranks(2) + test::program("train") + " --data " + quoted(set) + " --out " +
        quoted(folder_ / run) +
        test::tiny_flags("--epochs 1 --max-steps 1 --comm-profile " + quoted(profile_)));
  };
  write_profile(2.5);
  const ProgramResult good = train("good");
  EXPECT_EQ(good.exit_code, 0) << good.errors;
  EXPECT_NE(good.errors.find("MiB: chosen from "), std::string::npos) << good.errors;
  write_profile(-1);
  const ProgramResult broken = train("broken");
  EXPECT_EQ(broken.exit_code, 65) << broken.errors;
  EXPECT_NE(broken.errors.find("'beta_gb_s' is -1"), std::string::npos) << broken.errors;
}

TEST_F(TrainPlanTest, TheModelIsNotFarFromARunWithSlowMessages) {
  const std::string set = test::make_colored_squares(folder_.path());
  // Two seconds of messages a step: whatever else the machine does is little against them.
  const ProgramResult result = test::run_program(
      "timeout 560 " INTR_PYTHON " " + quoted(INTR_MODEL_SCRIPT) + " " +
      quoted(INTR_PROGRAM_FOLDER) + " " + quoted(set) + " " + quoted(folder_ / "model") +
      " --ranks 2 --wires 20:100 --steps 6 --most 40" +
      test::tiny_flags("--bucket-mb 1 --eval-every 0"));
  EXPECT_EQ(result.exit_code, 0) << result.output << result.errors;
}

}  // namespace
}  // namespace intr

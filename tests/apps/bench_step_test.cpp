// SPDX-License-Identifier: Apache-2.0
// intr-bench step and eval as a user runs them: what they count and refuse, never their speed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "intr/io/json_file.h"
#include "support/programs.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
using test::ProgramResult;

class BenchStepTest : public testing::Test {
 protected:
  static std::string words(const std::string& more, const std::string& what = "step") {
    return test::program("bench") + " " + what +
           " --threads 1 --backbone resnet18 --hidden-dim 32 --nheads 4 --enc-layers 1"
           " --dec-layers 1 --dim-feedforward 64 --classes 3 " +
           more;
  }
  std::string shapes() const {
    std::string file = folder_ / "shapes.json";
    std::ofstream(file) << R"({"batches": [
      {"padded": [64, 96], "images": [[64, 80], [48, 96]]},
      {"padded": [96, 96], "images": [[96, 96]]},
      {"padded": [32, 32], "images": [[32, 32], [32, 16], [16, 32]]},
      {"padded": [64, 64], "images": [[64, 64], [64, 64]]},
      {"padded": [128, 128], "images": [[128, 128]]}]})";
    return file;
  }
  /// What a program that takes part in rounds says, a line each.
  static std::vector<Json> served(int ranks, int rounds, const std::string& more,
                                  const std::string& what = "step") {
    std::string input;
    for (int i = 0; i < rounds; ++i) input += "round\\n";
    const ProgramResult result =
        test::run_program("printf '" + input + "' | " + (ranks > 1 ? test::on_ranks(ranks) : "") +
                          words("--serve " + more, what));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    std::vector<Json> said;
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) said.push_back(Json::parse(line));
    return said;
  }
  test::TempDir folder_;
};

TEST_F(BenchStepTest, CountsImagesAndSplitsTheTimeOfEachRound) {
  const std::string file = folder_ / "result.json";
  const ProgramResult result = test::run_program(
      words("--rounds 3 --shapes " + test::quoted(shapes()) + " --json " + test::quoted(file)));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json json = read_json(file);
  EXPECT_EQ(json.at("bench"), "step");
  ASSERT_EQ(json.at("rounds").size(), 3u);
  double best = 0;  // part of a round that phases account for
  for (const Json& round : json.at("rounds")) {
    EXPECT_EQ(round.at("work"), 9);
    EXPECT_EQ(round.at("steps_ms").size(), 5u);
    double phases = 0;
    for (const char* name : {"data_s", "forward_s", "backward_s", "exposed_s", "optimizer_s"})
      phases += round.at(name).get<double>();
    EXPECT_LE(phases, 1.0001 * round.at("seconds").get<double>());
    best = std::max(best, phases / round.at("seconds").get<double>());
  }
  EXPECT_GE(best, 0.9);
  const double padded = 2 * 64 * 96 + 96 * 96 + 3 * 32 * 32 + 2 * 64 * 64 + 128 * 128;
  const double valid =
      64 * 80 + 48 * 96 + 96 * 96 + 32 * 32 + 2 * 32 * 16 + 2 * 64 * 64 + 128 * 128;
  EXPECT_NEAR(json.at("facts").at("pad_fraction").get<double>(), 1 - valid / padded, 1e-12);
  EXPECT_FALSE(json.at("summary").contains("times_bare"));
}

TEST_F(BenchStepTest, ComparesWithTheBareStepAndWithTheSumsAlone) {
  const auto summary = [&](int ranks) {
    const std::string file = folder_ / ("result" + std::to_string(ranks) + ".json");
    const ProgramResult result = test::run_program(
        test::on_ranks(ranks) +
        words("--compare --rounds 2 --size 64x64 --batch-size 2 --json " + test::quoted(file)));
    EXPECT_EQ(result.exit_code, 0) << result.errors;
    return read_json(file).at("summary");
  };
  const Json one = summary(1);
  EXPECT_GT(one.at("times_bare").at("median").get<double>(), 0);
  EXPECT_FALSE(one.contains("sums_alone_ms")) << "one rank adds up nothing";
  const Json two = summary(2);
  EXPECT_GT(two.at("sums_alone_ms").at("median").get<double>(), 0);
  EXPECT_GE(two.at("exposed_of_sums").at("median").get<double>(), 0);
  EXPECT_TRUE(two.contains("added_of_sums"));
}

TEST_F(BenchStepTest, TakesPartInRoundsWithTheSameCheckOnAnyNumberOfRanks) {
  const std::string more = "--shapes " + test::quoted(shapes());
  const std::vector<Json> one = served(1, 2, more);
  ASSERT_EQ(one.size(), 4u);
  EXPECT_TRUE(one[0].at("ready").get<bool>());
  EXPECT_EQ(one[0].at("check").size(), 2u * 3u) << "logits of two pictures";
  EXPECT_NE(one[0].at("check")[0], one[0].at("check")[1]) << "classes differ";
  EXPECT_EQ(one[1].at("work"), 9);
  EXPECT_TRUE(one[3].at("done").get<bool>());
  const std::vector<Json> two = served(2, 1, more);
  ASSERT_EQ(two.size(), 3u);
  EXPECT_EQ(two[0].at("check"), one[0].at("check"));
  EXPECT_EQ(two[1].at("work"), 8) << "the fifth batch fills no step of two ranks";
}

TEST_F(BenchStepTest, EvaluationCountsImagesAndComputesTheSameLogits) {
  const std::string more = "--shapes " + test::quoted(shapes());
  const std::vector<Json> step = served(1, 0, more);
  const std::vector<Json> eval = served(1, 1, more, "eval");
  ASSERT_EQ(eval.size(), 3u);
  const auto check = eval[0].at("check").get<std::vector<double>>();
  ASSERT_EQ(check.size(), 2u * 3u);
  for (std::size_t i = 0; i < check.size(); ++i)
    EXPECT_NEAR(check[i], step[0].at("check")[i].get<double>(), 1e-5);
  EXPECT_EQ(eval[1].at("work"), 9);
  EXPECT_EQ(eval[1].at("batches_ms").size(), 5u);
  const std::vector<Json> plain = served(1, 0, more + " --reference-math", "eval");
  EXPECT_NE(plain[0].at("check"), eval[0].at("check")) << "nothing was computed differently";
  for (std::size_t i = 0; i < check.size(); ++i)
    EXPECT_NEAR(check[i], plain[0].at("check")[i].get<double>(), 1e-5);

  const std::string file = folder_ / "result.json";
  const ProgramResult result =
      test::run_program(words(more + " --quick --json " + test::quoted(file), "eval"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json json = read_json(file);
  EXPECT_EQ(json.at("bench"), "eval");
  EXPECT_EQ(json.at("rounds").size(), 2u);
  EXPECT_GT(json.at("summary").at("images_s").at("median").get<double>(), 0);
}

TEST_F(BenchStepTest, DumpsBesideEvaluation) {
  const std::string file = folder_ / "result.json";
  const std::string more = "--shapes " + test::quoted(shapes()) + " --out ";
  const ProgramResult result = test::run_program(words(
      more + test::quoted(folder_ / "pieces") + " --quick --json " + test::quoted(file), "attend"));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const Json json = read_json(file);
  ASSERT_EQ(json.at("rounds").size(), 2u);
  for (const Json& round : json.at("rounds")) {
    EXPECT_EQ(round.at("eval").at("work"), 9);
    EXPECT_EQ(round.at("dump").at("work"), 9);
    EXPECT_EQ(round.at("dump").at("pieces"), 1);
  }
  EXPECT_GT(json.at("summary").at("ratio").at("median").get<double>(), 0);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "pieces"));
  const auto code = [&](const std::string& words_behind) {
    return test::run_program(words(words_behind, "attend")).exit_code;
  };
  EXPECT_EQ(code(more + test::quoted(folder_.path())), 2) << "a folder that is there";
  EXPECT_EQ(code("--quick"), 2);
  EXPECT_EQ(code(more + test::quoted(folder_ / "pieces") + " --serve"), 2)
      << "both sides are in it";
}

TEST_F(BenchStepTest, SamplesBatchesEvenlyInOrderOfTheirArea) {
  const std::vector<Json> said = served(1, 1, "--sample 2 --shapes " + test::quoted(shapes()));
  ASSERT_EQ(said.size(), 3u);
  // By area: the third (3 x 32 x 32), the fourth, the second, the first, the fifth; the 2nd and 4th
  // of these five.
  EXPECT_EQ(said[1].at("work"), 2 + 2);
}

TEST_F(BenchStepTest, RefusesWhatIsNoBatch) {
  const auto code = [](const std::string& more) {
    return test::run_program(words("--rounds 1 " + more)).exit_code;
  };
  EXPECT_EQ(code("--size 64"), 2);
  EXPECT_EQ(code("--size 64x0"), 2);
  EXPECT_EQ(code("--batch-size 0"), 2);
  EXPECT_EQ(code("--serve --compare"), 2);
  const auto with_file = [&](const std::string& text) {
    std::ofstream(folder_ / "bad.json") << text;
    return code("--shapes " + test::quoted(folder_ / "bad.json"));
  };
  EXPECT_EQ(with_file("{}"), 65);
  EXPECT_EQ(with_file(R"({"batches": []})"), 65);
  EXPECT_EQ(with_file(R"({"batches": [{"padded": [8, 8], "images": []}]})"), 65);
  EXPECT_EQ(with_file(R"({"batches": [{"padded": [8, 8], "images": [[9, 8]]}]})"), 65);
  EXPECT_EQ(with_file(R"({"batches": [{"padded": [8], "images": [[8, 8]]}]})"), 65);
  EXPECT_EQ(with_file("shapes"), 65);
}

}  // namespace
}  // namespace intr

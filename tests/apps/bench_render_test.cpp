// SPDX-License-Identifier: Apache-2.0
// intr-bench render as a user runs it: the fields of its results, never its speed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "intr/io/json_file.h"
#include "support/programs.h"
#include "support/run_program.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

test::ProgramResult bench(const std::string& words) {
  return test::run_program(test::program("bench") + " render " + words);
}

TEST(BenchRender, EveryStyleIsTimedInTurns) {
  const test::TempDir folder;
  const std::string file = folder / "result.json";
  const test::ProgramResult result =
      bench("--quick --width 60 --height 45 --threads 2 --json " + test::quoted(file));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  const auto json = read_json(file);
  EXPECT_EQ(json.at("schema"), "intr-bench/1");
  EXPECT_EQ(json.at("bench"), "render");
  EXPECT_EQ(json.at("options").at("width"), 60);
  const auto& summary = json.at("summary");
  const auto& rounds = json.at("rounds");
  ASSERT_EQ(rounds.size(), 2 * summary.size());
  std::size_t place = 0;
  for (const auto& [style, row] : summary.items()) {
    EXPECT_NE(result.output.find("\n" + style), std::string::npos) << style;
    EXPECT_EQ(rounds[place].at("style"), style);
    EXPECT_EQ(rounds[place].at("work"), 2);
    EXPECT_EQ(rounds[place++ + summary.size()].at("style"), style);
    for (const char* name : {"median", "p10", "p90"})
      EXPECT_GT(row.at("pictures_s").at(name).get<double>(), 0);
    for (const char* name : {"cpu_ms", "decode_ms", "draw_ms", "encode_ms", "kb"})
      EXPECT_TRUE(row.at(name).is_number()) << name;
  }
  EXPECT_TRUE(summary.contains("clean-single"));
  EXPECT_TRUE(summary.contains("reference-single"));
}

TEST(BenchRender, EqualWorkHasEqualBytes) {
  const test::TempDir folder;
  const auto bytes_of = [&](const std::string& threads) {
    const std::string file = folder / ("result" + threads + ".json");
    EXPECT_EQ(bench("--quick --width 33 --height 50 --threads " + threads + " --json " +
                    test::quoted(file))
                  .exit_code,
              0);
    std::vector<double> bytes;
    const auto result = read_json(file);
    for (const auto& round : result.at("rounds")) bytes.push_back(round.at("bytes"));
    return bytes;
  };
  EXPECT_EQ(bytes_of("1"), bytes_of("3"));
}

TEST(BenchRender, WrongUseIsTwo) {
  EXPECT_EQ(bench("--rounds 0").exit_code, 2);
  EXPECT_EQ(bench("--width 0").exit_code, 2);
  EXPECT_EQ(bench("--widht 5").exit_code, 2);
  EXPECT_EQ(bench("--help").exit_code, 0);
}

}  // namespace
}  // namespace intr

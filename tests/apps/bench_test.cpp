// SPDX-License-Identifier: Apache-2.0
// intr-bench as a user runs it: the fields of its results, never its speed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "intr/io/json_file.h"
#include "support/programs.h"
#include "support/run_program.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using test::ProgramResult;

class BenchProgramTest : public testing::Test {
 protected:
  BenchProgramTest() { test::make_tiny_set(set_, {.samples = {{"train", 26}, {"val", 7}}}); }
  ProgramResult bench(const std::string& words, const std::string& input = {}) {
    const std::string feed = input.empty() ? "" : "printf '" + input + "' | ";
    return test::run_program(feed + test::program("bench") + " loader --data " +
                             test::quoted(set_) + " --threads 1 " + words);
  }
  test::TempDir folder_;
  std::string set_ = folder_ / "set";
};

TEST_F(BenchProgramTest, TheResultHasTheFieldsOfItsSchema) {
  const std::string file = folder_ / "result.json";
  for (const char* split : {"val", "train"}) {
    const ProgramResult result = bench("--split " + std::string(split) + " --transform " +
                                       (std::string(split) == "val" ? "val:64" : "train:64") +
                                       " --output float --quick --json " + test::quoted(file));
    ASSERT_EQ(result.exit_code, 0) << result.errors;
    EXPECT_NE(result.output.find("images_s"), std::string::npos);
    const auto json = read_json(file);
    std::string names;
    for (const auto& [name, value] : json.items()) names += name + " ";
    EXPECT_EQ(names,
              "schema bench machine build options warmup rounds summary peak_rss_mb peak_gpu_mb ");
    EXPECT_EQ(json.at("schema"), "intr-bench/1");
    ASSERT_EQ(json.at("rounds").size(), 2u);
    EXPECT_EQ(json.at("rounds")[0].at("work"), std::string(split) == "val" ? 7 : 24);
    const auto& summary = json.at("summary");
    for (const char* name : {"cpu_s_per_1000_images", "first_batch_s", "padded_mpx_per_image",
                             "pad_fraction", "read_s", "decode_s", "resize_s", "pad_s",
                             "wait_share", "read_mb_per_s", "slots_mb", "resume_ms"})
      EXPECT_TRUE(summary.at(name).is_number()) << name;
    for (const char* name : {"median", "p10", "p90"})
      EXPECT_GT(summary.at("images_s").at(name).get<double>(), 0);
    if (std::string(split) == "val") {
      EXPECT_EQ(summary.at("pad_fraction"), 0.0);
    }
  }
}

TEST_F(BenchProgramTest, ServesRoundsAsADriverAsksForThem) {
  const ProgramResult result = bench("--split val --transform val:64 --serve", "round\\nround\\n");
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  std::istringstream lines(result.output);
  std::vector<nlohmann::json> said;
  for (std::string line; std::getline(lines, line);) said.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(said.size(), 4u) << result.output;
  EXPECT_EQ(said[0].at("ready"), true);
  EXPECT_EQ(said[0].at("check").size(), 7u);
  for (std::size_t i : {1u, 2u}) {
    EXPECT_EQ(said[i].at("work"), 7);
    EXPECT_GT(said[i].at("seconds").get<double>(), 0);
  }
  EXPECT_EQ(said[3].at("done"), true);
}

TEST_F(BenchProgramTest, ShapesAreKnownWithoutDecoding) {
  const std::string file = folder_ / "shapes.json";
  ASSERT_EQ(bench("--split val --transform val:64 --batch-size 3 --shapes " + test::quoted(file))
                .exit_code,
            0);
  std::size_t images = 0;
  const auto shapes = read_json(file);
  for (const auto& batch : shapes.at("batches")) {
    for (const auto& size : batch.at("images")) EXPECT_EQ(size, batch.at("padded"));  // of one size
    images += batch.at("images").size();
  }
  EXPECT_EQ(images, 7u);
  ASSERT_EQ(
      bench("--split train --transform train:64 --batch-size 4 --shapes " + test::quoted(file))
          .exit_code,
      0);
  EXPECT_EQ(read_json(file).at("batches").size(), 6u);
}

TEST_F(BenchProgramTest, WrongUseIsTwo) {
  EXPECT_EQ(bench("--output f64").exit_code, 2);
  EXPECT_EQ(bench("--transform crop:3").exit_code, 2);
  EXPECT_EQ(test::run_program(test::program("bench") + " lodaer").exit_code, 2);
  EXPECT_EQ(test::run_program(test::program("bench") + " --help").exit_code, 0);
  EXPECT_EQ(bench("--split none").exit_code, 65);
}

}  // namespace
}  // namespace intr

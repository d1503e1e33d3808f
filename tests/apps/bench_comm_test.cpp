// SPDX-License-Identifier: Apache-2.0
// intr-bench comm as a user runs it: the fields of its result, never its speed.
#include <gtest/gtest.h>

#include "intr/io/json_file.h"
#include "intr/train/comm_profile.h"
#include "support/programs.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using test::ProgramResult;

class BenchCommTest : public testing::Test {
 protected:
  ProgramResult bench(int ranks, const std::string& words) const {
    return test::run_program(
        test::on_ranks(ranks) + test::program("bench") +
        " comm --threads 1 --rounds 10 --backbone resnet18 --backbone-stages 3 --hidden-dim 32"
        " --nheads 4 --enc-layers 1 --dec-layers 1 --dim-feedforward 64 --classes 3"
        " --image-size 48 " +
        words);
  }
  test::TempDir folder_;
};

TEST_F(BenchCommTest, TheResultHasTheFieldsOfItsSchemaAndIsAProfile) {
  const std::string file = folder_ / "profile.json";
  const ProgramResult result = bench(2, "--largest 64KiB --json " + test::quoted(file));
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  for (const char* word : {"2 ranks on 1 nodes", "64.0 KiB", "share of bare", "alpha", "overlap"})
    EXPECT_NE(result.output.find(word), std::string::npos) << word << " in " << result.output;
  const auto json = read_json(file);
  std::string names;
  for (const auto& [name, value] : json.items()) names += name + " ";
  EXPECT_EQ(names,
            "schema bench machine build options warmup rounds summary peak_rss_mb peak_gpu_mb ");
  ASSERT_EQ(json.at("rounds").size(), 10u);
  EXPECT_EQ(json.at("rounds")[0].at("ours_s").size(), 4u);
  EXPECT_GT(json.at("rounds")[0].at("work").get<double>(), 0);

  const auto& summary = json.at("summary");
  std::int64_t bytes = 1024;
  for (const auto& size : summary.at("sizes")) {
    EXPECT_EQ(size.at("bytes"), bytes);
    for (const char* name : {"latency_us", "bare_latency_us", "share_of_bare"})
      EXPECT_GT(size.at(name).at("median").get<double>(), 0) << name;
    EXPECT_GT(size.at("bare_algbw_gb_s").get<double>(), 0);
    EXPECT_DOUBLE_EQ(size.at("busbw_gb_s").get<double>(), size.at("algbw_gb_s").get<double>())
        << "two ranks send each byte once";
    EXPECT_NEAR(size.at("algbw_gb_s").get<double>(),
                static_cast<double>(bytes) / 1e3 / size.at("latency_us").at("median").get<double>(),
                1e-9);
    bytes *= 4;
  }
  EXPECT_EQ(bytes, 4 * 65536);
  const auto& overlap = summary.at("overlap");
  EXPECT_GT(overlap.at("ratio").at("median").get<double>(), 0);
  EXPECT_FALSE(overlap.at("bucket_bytes").empty());

  const CommProfile profile = read_comm_profile(file);
  EXPECT_EQ(profile.ranks, 2);
  EXPECT_EQ(profile.nodes, 1);
  EXPECT_GT(profile.fit.link.bytes_per_s, 0);
  EXPECT_GT(profile.picture_backward_s, 0);
}

TEST_F(BenchCommTest, ServesAnyNumberOfRanksButOne) {
  EXPECT_EQ(bench(3, "--largest 4KiB").exit_code, 0);
  const ProgramResult alone = bench(1, "--largest 4KiB");
  EXPECT_EQ(alone.exit_code, 78);
  EXPECT_NE(alone.errors.find("mpirun -n 2"), std::string::npos) << alone.errors;
}

TEST_F(BenchCommTest, WrongUseIsTwo) {
  EXPECT_EQ(bench(1, "--largest much").exit_code, 2);
  EXPECT_EQ(bench(1, "--largest 1KiB").exit_code, 2) << "one size has no slope";
  EXPECT_EQ(bench(1, "--rounds 3").exit_code, 2);
  EXPECT_EQ(test::run_program(test::program("bench") + " comm --help").exit_code, 0);
}

}  // namespace
}  // namespace intr

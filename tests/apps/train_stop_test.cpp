// SPDX-License-Identifier: Apache-2.0
// What ends a run of intr-train early beside signals, and what its saves leave in events.jsonl.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_manifest.h"
#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using test::ProgramResult;
using test::quoted;

class TrainStopTest : public testing::Test {
 protected:
  std::string command(int ranks, const std::string& more = {}) const {
    return test::on_ranks(ranks) + test::program("train") + " --data " + quoted(set_) + " --out " +
           quoted(run_) + test::tiny_flags(more);
  }
  /// Records of a kind in events.jsonl.
  std::vector<nlohmann::ordered_json> events(const std::string& kind) const {
    std::istringstream lines(read_file(run_ + "/events.jsonl"));
    std::vector<nlohmann::ordered_json> found;
    for (std::string line; std::getline(lines, line);) {
      auto event = nlohmann::ordered_json::parse(line);
      if (event.at("kind") == kind) found.push_back(std::move(event));
    }
    return found;
  }
  void expect_stop_after_a_step(const ProgramResult& result, const char* reason) const {
    EXPECT_EQ(result.exit_code, 75) << result.errors;
    const auto stops = events("stop");
    ASSERT_EQ(stops.size(), 1u);
    EXPECT_EQ(stops[0].at("signal"), reason);
    EXPECT_EQ(stops[0].at("step"), 1);
    EXPECT_EQ(read_manifest(run_ + "/checkpoints").size(), 1u);
  }

  test::TempDir folder_;
  const std::string set_ = test::make_colored_squares(folder_.path());
  const std::string run_ = folder_ / "run";
};

TEST_F(TrainStopTest, TheFileHaltStopsAllRanks) {
  make_folder(run_);
  write_file(run_ + "/HALT", "");
  expect_stop_after_a_step(test::run_program("timeout 100 " + command(2)), "HALT");
  fs::remove(run_ + "/HALT");
  EXPECT_EQ(test::run_program("timeout 100 " + command(1, "--max-steps 2")).exit_code, 0);
}

TEST_F(TrainStopTest, TheDeadlineStopsAllRanks) {
  const std::string soon = "export INTR_DEADLINE=$(($(date +%s) + 30)); timeout 100 ";
  expect_stop_after_a_step(test::run_program(soon + command(2)), "deadline");
}

TEST_F(TrainStopTest, ADeadlineThatIsNoTimeIsRefused) {
  const ProgramResult result =
      test::run_program("export INTR_DEADLINE=noon; timeout 100 " + command(2));
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_NE(result.errors.find("INTR_DEADLINE: 'noon' is no time"), std::string::npos);
}

TEST_F(TrainStopTest, AJobThatLostItsRunWritesNoMoreCheckpoints) {
  const std::string lock = quoted(run_ + "/run.lock");
  const ProgramResult result =
      test::run_program("timeout 100 " + command(1, "--epochs 2000 --quiet") + " & pid=$!\n" +
                        "while kill -0 $pid && [ ! -e " + quoted(run_ + "/log.txt") +
                        " ]; do sleep 0.02; done\n" + "echo '{\"host\":\"another-node\"}' > " +
                        lock + ".new; mv " + lock + ".new " + lock + "; wait $pid");
  EXPECT_EQ(result.exit_code, 76) << result.errors;
  EXPECT_NE(result.errors.find("another-node"), std::string::npos) << result.errors;
  EXPECT_NE(read_file(run_ + "/run.lock").find("another-node"), std::string::npos);
}

TEST_F(TrainStopTest, EventsTellWhatEachSaveTook) {
  ASSERT_EQ(test::run_program("timeout 100 " + command(1, "--epochs 3 --keep-every 2")).exit_code,
            0);
  const auto saves = events("save");
  ASSERT_EQ(saves.size(), 3u) << "at the end of each epoch";
  for (const auto& save : saves) {
    EXPECT_GE(save.at("stall_ms").get<double>(), 0);
    EXPECT_GT(save.at("seconds").get<double>(), 0);
    EXPECT_GT(save.at("bytes").get<std::int64_t>(), 1000);
  }
  EXPECT_EQ(saves[0].at("in_background"), true);
  EXPECT_EQ(saves[2].at("in_background"), false);
  const auto listed = read_manifest(run_ + "/checkpoints");
  ASSERT_EQ(listed.size(), 3u);
  EXPECT_TRUE(listed[1].tagged("major"));
  EXPECT_TRUE(listed[2].tagged("final"));
  EXPECT_GE(listed[2].metric, 0);
}

}  // namespace
}  // namespace intr

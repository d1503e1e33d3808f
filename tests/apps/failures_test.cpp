// SPDX-License-Identifier: Apache-2.0
// intr-train when something fails: each fault is injected for real, ends all ranks with its status,
// and leaves a record that says why.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"
#include "intr/weights/checkpoint_manifest.h"
#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using test::ProgramResult;
using test::quoted;

class FailuresTest : public testing::Test {
 protected:
  std::string command(int ranks, const std::string& more) const {
    return test::on_ranks(ranks) + test::program("train") + " --data " + quoted(set_) + " --out " +
           quoted(run_) + test::tiny_flags(more);
  }
  /// One attempt of the run, as a job script makes it.
  ProgramResult train(int ranks, const std::string& more, const std::string& attempt = "1_0") {
    attempt_ = attempt;
    return test::run_program("export INTR_ATTEMPT=" + attempt + "; timeout 150 " +
                             command(ranks, more));
  }
  std::string record_path() const { return run_ + "/attempts/" + attempt_ + ".json"; }
  Json record() const { return read_json(record_path()); }
  std::string message() const { return record().at("message"); }
  void expect_ending(const ProgramResult& result, int code, const std::string& cause) const {
    EXPECT_EQ(result.exit_code, code) << result.errors;
    ASSERT_TRUE(fs::exists(record_path())) << result.errors;
    EXPECT_EQ(record().at("code"), code) << record();
    EXPECT_EQ(record().at("cause"), cause) << record();
  }
  /// Events of a kind.
  std::vector<Json> events(const std::string& kind) const {
    std::vector<Json> found;
    std::istringstream lines(read_file(run_ + "/events.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      Json event = Json::parse(line);
      if (event.at("kind") == kind) found.push_back(std::move(event));
    }
    return found;
  }
  Checkpoint newest() const {
    const std::string folder = run_ + "/checkpoints";
    return read_checkpoint(folder + "/" + checkpoint_candidates(folder).front().file);
  }

  test::TempDir folder_;
  const std::string set_ = test::make_colored_squares(folder_.path());
  std::string run_ = folder_ / "run";
  std::string attempt_;
};

TEST_F(FailuresTest, DoneAndStopped) {
  expect_ending(train(2, "--inject signal:rank=1,step=2,count=1000"), 75, "stop-signal");
  EXPECT_GE(record().at("step"), 2);
  EXPECT_LE(record().at("step"), 3) << "the signal may come while the ranks agree on step 2";
  EXPECT_EQ(record().at("durable_step"), record().at("step"));
  EXPECT_EQ(events("inject").size(), 1u);
  EXPECT_EQ(events("inject").front().at("rank"), 1);
  expect_ending(train(2, "--max-steps 5", "1_1"), 0, "done");
  EXPECT_EQ(record().at("durable_step"), 5);
  expect_ending(train(2, "--max-steps 5", "1_2"), 0, "done");  // nothing was left to do
}

TEST_F(FailuresTest, WrongOptionsAndMachines) {
  expect_ending(train(2, "--freeze all"), 2, "config");
  expect_ending(train(2, "--inject kil:step=1", "1_1"), 2, "config");
  EXPECT_NE(message().find("did you mean 'kill'"), std::string::npos);
  expect_ending(train(3, "--batch-size 2", "1_2"), 78, "config");
  EXPECT_NE(message().find("start at most 2 ranks"), std::string::npos) << message();
  EXPECT_EQ(record().at("durable_step"), -1);
}

TEST_F(FailuresTest, BadDataOnOneRank) {
  for (const char* action : {"eio", "flip"}) {
    run_ = folder_ / action;
    // Each rank would meet it: one of the two reads that sample.
    const std::string sample = ":sample=5,action=" + std::string(action);
    expect_ending(
        train(2, "--init plain --inject read" + sample + " --inject read" + sample + ",rank=1"), 65,
        "data");
    EXPECT_NE(message().find("sample 5"), std::string::npos) << message();
  }
}

TEST_F(FailuresTest, AKilledRankLeavesNoRecordAndTheRunGoesOn) {
  const std::string usual = "--save-every 1steps --max-steps 6 ";
  const ProgramResult killed = train(2, usual + "--inject kill:rank=1,step=4");
  EXPECT_NE(killed.exit_code, 0);
  EXPECT_NE(killed.exit_code, 124) << "it hung";
  ASSERT_EQ(events("inject").size(), 1u);
  EXPECT_EQ(events("inject").front().at("fault"), "kill:rank=1,step=4");
  if (fs::exists(record_path())) {
    EXPECT_EQ(record().at("cause"), "peer-lost") << "only a rank that noticed may speak";
  }
  expect_ending(train(2, usual + "--inject kill:rank=1,step=4", "1_1"), 0, "done");
  const Checkpoint broken = newest();
  run_ = folder_ / "whole";
  expect_ending(train(2, usual), 0, "done");
  EXPECT_EQ(broken.step, newest().step);
  EXPECT_EQ(broken.param, newest().param);
  EXPECT_EQ(broken.exp_avg_sq, newest().exp_avg_sq);
}

TEST_F(FailuresTest, ARankThatLeavesEndsAll) {
  const ProgramResult left = train(2, "--inject exit:rank=1,step=2,code=9");
  EXPECT_NE(left.exit_code, 0);
  EXPECT_NE(left.exit_code, 124) << "it hung";
}

TEST_F(FailuresTest, AHangingRankIsNamed) {
  for (const int rank : {0, 2}) {
    run_ = folder_ / ("hang" + std::to_string(rank));
    const std::string name = "rank " + std::to_string(rank) + " on node ";
    expect_ending(train(3, "--hang-limit 4 --inject hang:step=3,rank=" + std::to_string(rank)), 76,
                  "hang");
    EXPECT_EQ(message().rfind(name, 0), 0u) << message();
    EXPECT_NE(message().find("has not reached gradients"), std::string::npos) << message();
    EXPECT_EQ(events("stall").size(), 1u);
    const Json report = read_json(run_ + "/attempts/1_0.stall/" + std::to_string(rank) + ".json");
    EXPECT_EQ(report.at("section"), "step");
    EXPECT_EQ(report.at("step"), 3);
    EXPECT_FALSE(report.at("stacks").at(0).at("frames").empty());
  }
}

TEST_F(FailuresTest, AFrozenProcessIsNamed) {
  const std::string metrics = quoted(run_ + "/metrics.jsonl");
  attempt_ = "1_0";
  // A stopped process writes no report. The launcher started rank 1 as its second child. It stops
  // in a step, for where others wait for a save they do so longer.
  const ProgramResult frozen =
      test::run_program("export INTR_ATTEMPT=1_0\n" +
                        command(2, "--epochs 2000 --hang-limit 4 --inject slow:rank=1,ms=1000") +
                        " & pid=$!\n" + "while kill -0 $pid && [ $(cat " + metrics +
                        " 2>/dev/null | wc -l) -lt 3 ]; do sleep 0.02; done\n" +
                        "kill -STOP $(cut -d' ' -f2 /proc/$pid/task/$pid/children)\nwait $pid");
  expect_ending(frozen, 76, "hang");
  EXPECT_NE(message().find("rank 1 on node "), std::string::npos) << message();
  EXPECT_NE(message().find("no sign of life"), std::string::npos) << message();
}

TEST_F(FailuresTest, SlowButAliveIsLeftAlone) {
  expect_ending(train(2,
                      "--hang-limit 3 --max-steps 4 --inject slow:rank=1,ms=3600 "
                      "--inject delay:ms=5,jitter=5"),
                0, "done");
  EXPECT_EQ(events("inject").size(), 3u) << "the delay on both ranks";
}

TEST_F(FailuresTest, AStopThatWaitsForALostRankIsAPeerLost) {
  expect_ending(train(2, "--inject hang:rank=1,step=3 --inject signal:rank=0,step=3,sig=TERM"), 76,
                "peer-lost");
  EXPECT_NE(message().find("SIGTERM"), std::string::npos) << message();
}

TEST_F(FailuresTest, AFlippedBitIsNoticedAndTheRankNamed) {
  expect_ending(train(3, "--guard-every 2 --inject flip:rank=1,step=3"), 76, "replica");
  EXPECT_NE(message().find("after step 4"), std::string::npos) << message();
  EXPECT_NE(message().find("differ: rank 1 (node "), std::string::npos) << message();
}

TEST_F(FailuresTest, NobodyGoesOnFromWhatDifferingRanksSaved) {
  // Step 2 is the last after which the ranks are known to agree; step 3 and 4 were saved later.
  const std::string usual = "--save-every 1steps --max-steps 8 ";
  const std::string fault = "--guard-every 2 --inject flip:rank=1,step=3 ";
  expect_ending(train(2, usual + fault + "--inject slow:ms=50"), 76, "replica");
  for (const ManifestEntry& entry : read_manifest(run_ + "/checkpoints"))
    EXPECT_EQ(entry.tagged("suspect"), entry.step > 2) << entry.step;
  expect_ending(train(2, usual + fault, "1_1"), 0, "done");
  const Checkpoint resumed = newest();
  run_ = folder_ / "whole";
  expect_ending(train(2, usual), 0, "done");
  EXPECT_EQ(resumed.param, newest().param);
}

TEST_F(FailuresTest, ASaveThatFailsDoesNotStopTheTraining) {
  expect_ending(train(2,
                      "--save-every 1steps --max-steps 6 --inject slow:ms=50 "
                      "--inject save:stage=write,action=enospc"),
                0, "done");
  ASSERT_EQ(events("save-failed").size(), 1u);
  const std::string text = events("save-failed").front().at("message");
  EXPECT_NE(text.find("No space left on device"), std::string::npos) << text;
  EXPECT_EQ(record().at("durable_step"), 6);
}

TEST_F(FailuresTest, KilledWhileSavingTheRunGoesOn) {
  const std::string usual = "--save-every 1steps --max-steps 6 ";
  const ProgramResult killed = train(2, usual + "--inject save:stage=rename,action=kill");
  EXPECT_NE(killed.exit_code, 0);
  EXPECT_NE(killed.exit_code, 124) << "it hung";
  expect_ending(train(2, usual, "1_1"), 0, "done");
  for (const auto& file : fs::directory_iterator(run_ + "/checkpoints"))
    EXPECT_EQ(file.path().string().find(".tmp-"), std::string::npos) << file.path();
  const Checkpoint broken = newest();
  run_ = folder_ / "whole";
  expect_ending(train(2, usual), 0, "done");
  EXPECT_EQ(broken.param, newest().param);
}

TEST_F(FailuresTest, OneStepThatIsNotFiniteIsSkippedThreeEndTheRun) {
  expect_ending(train(2, "--guard-every 1 --inject nan:rank=1,step=2"), 0, "done");
  ASSERT_EQ(events("skip").size(), 1u);
  EXPECT_EQ(events("skip").front().at("step"), 2);
  const std::string tensor = events("skip").front().at("tensor");
  EXPECT_FALSE(tensor.empty());
  run_ = folder_ / "thrice";
  expect_ending(train(2, "--inject nan:rank=1,step=2,count=3"), 77, "nan");
  EXPECT_NE(message().find(tensor), std::string::npos) << message();
  EXPECT_NE(message().find("Sample ids of that step: "), std::string::npos) << message();
  EXPECT_EQ(record().at("step"), 3);
}

TEST_F(FailuresTest, AStragglerIsReported) {
  expect_ending(train(2,  // a picture for each rank
                      "--batch-size 2 --max-steps 300 --epochs 100 --eval-every 0 "
                      "--save-every 1000epochs --log-every 100 --inject slow:rank=1,ms=80"),
                0, "done");
  ASSERT_EQ(events("straggler").size(), 1u);
  EXPECT_EQ(events("straggler").front().at("slow_rank"), 1);
  EXPECT_EQ(read_file(run_ + "/exclude.txt"),
            events("straggler").front().at("node").get<std::string>() + "\n");
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
// How a run goes on: on other numbers of ranks, and with options that are not what they were.
#include <gtest/gtest.h>

#include <sstream>

#include "intr/io/atomic_file.h"
#include "intr/weights/checkpoint_file.h"
#include "support/colored_squares.h"
#include "support/programs.h"
#include "support/tiny_flags.h"

namespace intr {
namespace {

using test::ProgramResult;
using test::quoted;
using Json = nlohmann::ordered_json;

class TrainResumeTest : public testing::Test {
 protected:
  ProgramResult train(int ranks, const std::string& run, const std::string& more) const {
    return test::run_program("timeout 100 " + test::on_ranks(ranks) + test::program("train") +
                             " --data " + quoted(set_) + " --out " + quoted(folder_ / run) +
                             test::tiny_flags(more));
  }
  std::vector<Json> records(const std::string& file, const std::string& kind) const {
    std::istringstream lines(read_file(folder_ / file));
    std::vector<Json> found;
    for (std::string line; std::getline(lines, line);) {
      Json record = Json::parse(line);
      if (record.at("kind") == kind) found.push_back(std::move(record));
    }
    return found;
  }
  Checkpoint last(const std::string& run) const {
    return read_checkpoint(folder_ / (run + "/checkpoints/last.h5"));
  }
  test::TempDir folder_;
  const std::string set_ = test::make_colored_squares(folder_.path());
};

/// With weights that stay as they are and pictures that are seen alone, each sample has a loss of
/// its own, which tells where it was used.
class TrainRanksTest : public TrainResumeTest {
 protected:
  static constexpr const char* kConstant =
      "--lr 0 --lr-backbone 0 --dropout 0 --augmentation none --micro-batch 1 --bucket-window 1 "
      "--epochs 1 ";
  TrainRanksTest() {
    const ProgramResult alone = train(1, "alone", std::string(kConstant) + "--batch-size 1");
    EXPECT_EQ(alone.exit_code, 0) << alone.errors;
    for (const Json& step : records("alone/metrics.jsonl", "train"))
      losses_.push_back(step.at("loss"));
  }
  void train_until(int ranks, const std::string& run, const std::string& steps) const {
    const ProgramResult result = train(ranks, run, kConstant + ("--max-steps " + steps));
    ASSERT_EQ(result.exit_code, 0) << result.errors;
  }
  /// Each position of the epoch was used once, in its step.
  void expect_each_sample_once(const std::string& run) const {
    const std::vector<Json> steps = records(run + "/metrics.jsonl", "train");
    ASSERT_EQ(steps.size(), 4u);
    std::size_t position = 0;
    for (const Json& step : steps) {
      const auto end = step.at("samples").get<std::size_t>();
      ASSERT_LE(end, losses_.size());
      double sum = 0;
      const std::size_t begin = position;
      for (; position < end; ++position) sum += losses_[position];
      EXPECT_NEAR(step.at("loss").get<double>(), sum / static_cast<double>(end - begin), 2e-5)
          << "positions " << begin << " to " << end << " of " << run;
    }
    EXPECT_EQ(position, losses_.size());
  }
  std::vector<double> losses_;
};

TEST_F(TrainRanksTest, EachSampleHasALossOfItsOwn) {
  ASSERT_EQ(losses_.size(), 18u);
  std::vector<double> sorted = losses_;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 1; i < sorted.size(); ++i) EXPECT_GT(sorted[i] - sorted[i - 1], 2e-5);
}

TEST_F(TrainRanksTest, FourThenThreeThenOneRankUseEachSampleOfAnEpochOnce) {
  train_until(4, "run", "1");
  train_until(3, "run", "2");
  EXPECT_EQ(last("run").next_position, 10);
  train_until(1, "run", "9");
  expect_each_sample_once("run");
}

/// The last step has three pictures.
TEST_F(TrainRanksTest, RanksWithoutPicturesWait) {
  for (const int ranks : {4, 5}) {
    const std::string run = "on-" + std::to_string(ranks);
    train_until(ranks, run, "9");
    expect_each_sample_once(run);
  }
}

TEST_F(TrainResumeTest, AnAllowedChangeIsTakenAndRecorded) {
  ASSERT_EQ(train(1, "run", "--max-steps 2").exit_code, 0);
  const ProgramResult refused = train(1, "run", "--batch-size 6 --max-steps 5");
  EXPECT_EQ(refused.exit_code, 78);
  EXPECT_NE(refused.errors.find("batch_size is 5 there, 6 here"), std::string::npos);
  EXPECT_NE(refused.errors.find("add --allow-change batch-size"), std::string::npos);
  const ProgramResult others =
      train(1, "run", "--batch-size 6 --seed 7 --allow-change batch-size --max-steps 5");
  EXPECT_EQ(others.exit_code, 78) << "the seed is another matter";
  EXPECT_EQ(others.errors.find("batch_size"), std::string::npos) << others.errors;
  EXPECT_NE(others.errors.find("seed is 42 there, 7 here"), std::string::npos) << others.errors;
  EXPECT_TRUE(records("run/events.jsonl", "change").empty());

  const ProgramResult taken =
      train(2, "run", "--batch-size 6 --allow-change batch-size --max-steps 3");
  EXPECT_EQ(taken.exit_code, 0) << taken.errors;
  const std::vector<Json> changes = records("run/events.jsonl", "change");
  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].at("field"), "batch_size");
  EXPECT_EQ(changes[0].at("from"), 5);
  EXPECT_EQ(changes[0].at("to"), 6);
  EXPECT_EQ(changes[0].at("allowed_by"), "batch-size");
  const std::vector<Json> cuts = records("run/events.jsonl", "epoch-cut");
  ASSERT_EQ(cuts.size(), 1u) << "its window of 50 steps had begun";
  EXPECT_EQ(cuts[0].at("epoch"), 0);
  EXPECT_EQ(cuts[0].at("samples"), 10);
  EXPECT_EQ(last("run").epoch, 1);
  EXPECT_EQ(last("run").next_position, 6);
  EXPECT_EQ(train(1, "run", "--batch-size 6 --max-steps 4").exit_code, 0) << "it is that run now";
  EXPECT_EQ(last("run").next_position, 12);
}

/// As after a node was cut off: the first start lives on beside the second.
TEST_F(TrainResumeTest, TheNextStartOfAJobTakesTheRunOver) {
  const std::string job = "SLURM_JOB_ID=4711 SLURM_RESTART_COUNT=%d " + test::program("train") +
                          " --data " + quoted(set_) + " --out " + quoted(folder_ / "run") +
                          test::tiny_flags("--epochs 5000 --save-every 5steps --quiet");
  const auto start = [&](int number) {
    std::string text = job;
    return text.replace(text.find("%d"), 2, std::to_string(number));
  };
  const ProgramResult result = test::run_program(
      start(0) + " & first=$!\n" + "while kill -0 $first && [ ! -e " +
      quoted(folder_ / "run/log.txt") + " ]; do sleep 0.02; done\n" + start(1) +
      " & second=$!\nwait $first; echo $?; sleep 3; kill -USR2 $second; wait $second; echo $?");
  EXPECT_EQ(result.output, "76\n75\n") << result.errors;
  EXPECT_NE(result.errors.find("another job took the run over"), std::string::npos);
  EXPECT_NE(result.errors.find("job 4711 (restart 1)"), std::string::npos) << result.errors;
  const std::vector<Json> steps = records("run/metrics.jsonl", "train");
  for (std::size_t i = 0; i < steps.size(); ++i) ASSERT_EQ(steps[i].at("step"), i + 1);
}

TEST_F(TrainResumeTest, StepsAreCutAnewInsideAnEpochWhereTheyMeet) {
  ASSERT_EQ(train(1, "run", "--bucket-window 1 --max-steps 2").exit_code, 0);
  const ProgramResult taken =
      train(2, "run", "--bucket-window 1 --batch-size 2 --allow-change batch-size --epochs 1");
  EXPECT_EQ(taken.exit_code, 0) << taken.errors;
  EXPECT_TRUE(records("run/events.jsonl", "epoch-cut").empty());
  EXPECT_EQ(records("run/metrics.jsonl", "train").size(), 6u) << "5, 5, then four times 2";
  EXPECT_EQ(records("run/metrics.jsonl", "train").back().at("samples"), 18);
}

}  // namespace
}  // namespace intr

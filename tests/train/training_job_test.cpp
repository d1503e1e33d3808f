// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_job.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "intr/core/error.h"
#include "support/damage.h"
#include "support/processor.h"
#include "support/tiny_flags.h"
#include "support/training_job_fixture.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

using test::TrainingJobTest;

/// Mean loss of the training steps [first, last] that a run recorded, counted from 1.
double mean_loss(const std::string& run, std::int64_t first, std::int64_t last) {
  std::istringstream lines(read_file(run + "/metrics.jsonl"));
  double sum = 0;
  std::int64_t steps = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::ordered_json::parse(line);
    if (record.at("kind") != "train" || record.at("step") < first || record.at("step") > last)
      continue;
    sum += record.at("loss").get<double>();
    ++steps;
  }
  EXPECT_EQ(steps, last - first + 1);
  return sum / static_cast<double>(steps);
}

void expect_same_training(const Checkpoint& a, const Checkpoint& b) {
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.param, b.param);
  EXPECT_EQ(a.exp_avg, b.exp_avg);
  EXPECT_EQ(a.exp_avg_sq, b.exp_avg_sq);
  EXPECT_EQ(a.frozen, b.frozen);
  EXPECT_EQ(a.sampler.dump(), b.sampler.dump());
  EXPECT_EQ(a.schedule.dump(), b.schedule.dump());
}

TEST_F(TrainingJobTest, StoppedAndResumedEqualsUnbroken) {
  EXPECT_EQ(run(options("whole")), ExitCode::kDone);
  EXPECT_EQ(run(options("broken"), 2), ExitCode::kStopped);  // mid-epoch
  if (writes()) {
    EXPECT_EQ(newest("broken").step, 2);
    EXPECT_EQ(newest("broken").next_position, 10);
  }
  EXPECT_EQ(run(options("broken"), 2), ExitCode::kStopped);  // at the end of the first epoch
  if (writes()) {
    EXPECT_EQ(newest("broken").step, 4);
  }
  EXPECT_EQ(run(options("broken"), 4), ExitCode::kStopped);
  EXPECT_EQ(run(options("broken")), ExitCode::kDone);
  if (!writes()) return;
  expect_same_training(newest("whole"), newest("broken"));
  for (const char* file : {"/metrics.jsonl", "/log.txt"})
    EXPECT_EQ(test::without_times(path("whole") + file), test::without_times(path("broken") + file))
        << file;
  EXPECT_EQ(fs::exists(path("broken/DONE")), true);
  EXPECT_EQ(find_checkpoint(path("whole")).substr(path("whole").size()),
            find_checkpoint(path("broken")).substr(path("broken").size()));
}

TEST_F(TrainingJobTest, Bfloat16ResumesToTheSameBits) {
  const auto in_bfloat16 = [&](const std::string& name) {
    TrainOptions o = options(name);
    o.precision = "bf16";
    return o;
  };
  if (!test::cpu_takes_bfloat16()) {
    EXPECT_THROW(run(in_bfloat16("whole")), EnvironmentError);
    return;
  }
  EXPECT_EQ(run(in_bfloat16("whole")), ExitCode::kDone);
  EXPECT_EQ(run(in_bfloat16("broken"), 2), ExitCode::kStopped);
  EXPECT_EQ(run(in_bfloat16("broken")), ExitCode::kDone);
  EXPECT_EQ(run(options("exact")), ExitCode::kDone);
  if (!writes()) return;
  expect_same_training(newest("whole"), newest("broken"));
  EXPECT_NE(newest("whole").param, newest("exact").param);
}

TEST_F(TrainingJobTest, Bfloat16LearnsAsFloat32Does) {
  for (const char* precision : {"fp32", "bf16"}) {
    TrainOptions o = options(precision);
    o.precision = precision;
    o.model.dropout = 0;
    o.schedule.lr = 3e-3;
    o.schedule.epochs = 13;
    o.max_steps = 50;
    if (o.precision == "bf16" && !test::cpu_takes_bfloat16()) {
      EXPECT_THROW(run(o), EnvironmentError);
      return;
    }
    EXPECT_EQ(run(o), ExitCode::kDone);
  }
  if (!writes()) return;
  // Three classes: guessing costs ln 3. Both learn the 18 pictures by heart.
  const double exact = mean_loss(path("fp32"), 43, 50);
  const double rounded = mean_loss(path("bf16"), 43, 50);
  EXPECT_GT(mean_loss(path("bf16"), 1, 4), 1.0);
  EXPECT_LT(rounded, 0.2);
  EXPECT_NEAR(rounded, exact, 0.1);
}

TEST_F(TrainingJobTest, EachEpochIsRecordedOnce) {
  EXPECT_EQ(run(options("run")), ExitCode::kDone);
  if (!writes()) return;
  std::istringstream lines(read_file(path("run/metrics.jsonl")));
  std::int64_t steps = 0;
  std::int64_t evaluations = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::ordered_json::parse(line);
    if (record.at("kind") == "eval") {
      ++evaluations;
      EXPECT_EQ(record.at("samples"), 9);
      continue;
    }
    ++steps;
    EXPECT_EQ(record.at("step"), steps);
    EXPECT_EQ(record.at("samples"), steps % 4 == 0 ? 18 : 5 * (steps % 4));
  }
  EXPECT_EQ(steps, 8);  // 18 pictures in steps of 5, twice
  EXPECT_EQ(evaluations, 2);
}

TEST_F(TrainingJobTest, AFinishedRunIsLeftAlone) {
  EXPECT_EQ(run(options("run")), ExitCode::kDone);
  const std::string before = writes() ? read_file(path("run/metrics.jsonl")) : "";
  EXPECT_EQ(run(options("run")), ExitCode::kDone);
  if (writes()) {
    EXPECT_EQ(read_file(path("run/metrics.jsonl")), before);
  }
  TrainOptions longer = options("run");
  longer.schedule.epochs = 3;  // the step schedule does not depend on it
  EXPECT_EQ(run(longer), ExitCode::kDone);
  if (writes()) {
    EXPECT_EQ(newest("run").step, 12);
  }
}

TEST_F(TrainingJobTest, GoesOnFromAnOlderCheckpointIfTheNewestIsDamaged) {
  EXPECT_EQ(run(options("whole")), ExitCode::kDone);
  TrainOptions often = options("broken");
  often.save_every = "1steps";
  EXPECT_EQ(run(often, 4), ExitCode::kStopped);
  if (writes()) {
    const CheckpointStore store(path("broken/checkpoints"), 3);
    const std::vector<ManifestEntry> saved = store.entries();  // a step may be skipped
    ASSERT_GE(saved.size(), 2u);
    EXPECT_EQ(saved.back().step, 4);
    test::cut(store.path_of(4), 3000);
    if (saved.size() > 2) {
      const std::string before = store.path_of(saved[saved.size() - 2].step);
      test::flip_byte(before, fs::file_size(before) / 2);
    }
  }
  EXPECT_EQ(run(options("broken")), ExitCode::kDone);
  if (!writes()) return;
  expect_same_training(newest("whole"), newest("broken"));
  EXPECT_EQ(test::without_times(path("whole/metrics.jsonl")),
            test::without_times(path("broken/metrics.jsonl")));
}

TEST_F(TrainingJobTest, MaxStepsEndsTheRunWithAnEvaluation) {
  TrainOptions brief = options("run");
  brief.max_steps = 3;
  EXPECT_EQ(run(brief), ExitCode::kDone);
  if (!writes()) return;
  EXPECT_EQ(newest("run").step, 3);
  EXPECT_NE(read_file(path("run/metrics.jsonl")).find("\"kind\":\"eval\",\"step\":3"),
            std::string::npos);
}

TEST_F(TrainingJobTest, FreshKeepsWhatWasThere) {
  TrainOptions brief = options("run");
  brief.max_steps = 1;
  EXPECT_EQ(run(brief), ExitCode::kDone);
  brief.fresh = true;
  brief.seed = 7;  // otherwise refused
  EXPECT_EQ(run(brief), ExitCode::kDone);
  if (!writes()) return;
  EXPECT_TRUE(fs::exists(path("run/checkpoints.old-1/MANIFEST")));
  EXPECT_TRUE(fs::exists(path("run/metrics.jsonl.old-1")));
}

}  // namespace
}  // namespace intr

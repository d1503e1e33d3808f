// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_summarizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/score_tables.h"
#include "intr/attention/score_json.h"
#include "intr/attention/score_summary.h"

namespace intr {
namespace {

constexpr double kTight = 1e-12;

const MeasureSummary& measure(const ScoreSummary& summary, const std::string& id) {
  const MeasureSummary* found = summary.find(id);
  EXPECT_NE(found, nullptr) << id;
  return *found;
}

TEST(ScoreSummarizer, MeansSkipAndCountWhatIsMissing) {
  ScoreTable table = test::made_table(4);
  for (std::size_t i = 0; i < 3; ++i) {
    table.scores[i].mean.values[MapMeasure::kEntropy] = static_cast<double>(i);
    table.scores[i].heads[1].values[MapMeasure::kEntropy] = 5;
  }
  const ScoreSummary summary = summarize(table, {}, "dump", 1);
  const MeasureSummary& entropy = measure(summary, "entropy");
  EXPECT_EQ(entropy.all.mean, 1);
  EXPECT_EQ(entropy.all.n, 3);
  EXPECT_EQ(entropy.all.num_nan, 1);
  EXPECT_GE(entropy.all.low, 0);
  EXPECT_LT(entropy.all.low, 1);
  EXPECT_GT(entropy.all.high, 1);
  EXPECT_TRUE(std::isnan(entropy.heads[0].mean));
  EXPECT_EQ(entropy.heads[1].mean, 5);
  EXPECT_EQ(entropy.heads[1].low, 5);
  EXPECT_TRUE(std::isnan(measure(summary, "box_mass").all.mean));
  EXPECT_EQ(summary.find("peak_x"), nullptr);  // a place has no mean
  EXPECT_EQ(summary.layer, 5);
  EXPECT_EQ(summary.dump, "dump");
}

TEST(ScoreSummarizer, BaselinesAreComparedSampleBySample) {
  ScoreTable table = test::made_table(2);
  for (std::size_t i = 0; i < 2; ++i) {
    table.scores[i].mean.values[MapMeasure::kPointing0] = i == 0 ? 1 : 0;
    table.scores[i].values[SampleMeasure::kPointing0Chance] = i == 0 ? 0.5 : 0.25;
  }
  const ScoreSummary summary = summarize(table, {}, "", 1);
  const MeasureSummary& pointing = measure(summary, "pointing_0");
  ASSERT_EQ(pointing.baselines.size(), 1u);
  EXPECT_EQ(pointing.baselines[0].name, "chance");
  EXPECT_EQ(pointing.baselines[0].value.mean, 0.375);
  EXPECT_EQ(pointing.baselines[0].difference.mean, 0.125);
  EXPECT_EQ(pointing.baselines[0].difference.low, -0.25);
  EXPECT_EQ(pointing.baselines[0].difference.high, 0.5);
  EXPECT_EQ(measure(summary, "box_mass").baselines.size(), 2u);
}

TEST(ScoreSummarizer, SharesOfNearestPartsAndFocus) {
  ScoreTable table = test::made_table(4);
  for (std::size_t i = 0; i < 4; ++i) {
    table.scores[i].heads[0].nearest_part = 1;
    table.scores[i].heads[1].nearest_part = i % 2 == 0 ? 0 : 1;
  }
  ScoreSummary summary = summarize(table, {}, "", 1);
  EXPECT_EQ(summary.part_shares.shares[0][1].mean, 1);
  EXPECT_EQ(summary.part_shares.shares[1][0].mean, 0.5);
  EXPECT_EQ(summary.part_shares.visible, (std::vector<std::int64_t>{4, 4}));
  const MeasureSummary& focus = measure(summary, "part_focus");
  EXPECT_NEAR(focus.heads[0].mean, 1, kTight);
  EXPECT_NEAR(focus.heads[0].low, 1, kTight);
  EXPECT_NEAR(focus.heads[1].mean, 0, kTight);
  EXPECT_NEAR(focus.all.mean, 0.5, kTight);
  EXPECT_EQ(focus.all.n, 4);
  for (SampleScores& scores : table.scores) scores.part_visible = {0, 1};
  summary = summarize(table, {}, "", 1);  // one part is seen: nothing to choose from
  EXPECT_TRUE(std::isnan(measure(summary, "part_focus").all.mean));
}

TEST(ScoreSummarizer, CalibrationErrorOfLabeledSamples) {
  ScoreTable table = test::made_table(4);
  const double probability[] = {0.9, 0.9, 0.3, 0.3};
  for (std::size_t i = 0; i < 4; ++i) {
    table.scores[i].values[SampleMeasure::kProbability] = probability[i];
    table.scores[i].values[SampleMeasure::kRight] = i == 1 ? 0 : 1;
  }
  table.scores[3].values[SampleMeasure::kRight] = std::nan("");
  const ScoreSummary summary = summarize(table, {}, "", 1);
  const MeasureSummary& error = measure(summary, "calibration_error");
  EXPECT_NEAR(error.all.mean, (2 * 0.4 + 0.7) / 3, kTight);
  EXPECT_EQ(error.all.n, 3);
  EXPECT_EQ(error.all.num_nan, 1);
  EXPECT_NEAR(error.all.high, 0.9, 0.2);
  EXPECT_EQ(summary.calibration[13].n, 2);
  EXPECT_EQ(summary.hits, 2);
  EXPECT_EQ(measure(summary, "right").all.mean, 2.0 / 3);
}

TEST(ScoreSummarizer, TellsWhatWasAskedFor) {
  ScoreTable table = test::made_table(2);
  table.samples_in_dump = 3;
  EXPECT_EQ(summarize(table, {}, "", 1).samples_planned, 3);
  table.facts.complete = false;
  table.facts.samples_planned = 4;
  const ScoreSummary summary =
      summarize(table, {.geometry = "stretch", .mass = 0.25, .replicates = 7, .seed = 9}, "", 1);
  EXPECT_EQ(summary.geometry, "stretch");
  EXPECT_EQ(summary.mass, 0.25);
  EXPECT_EQ(summary.replicates, 7);
  EXPECT_EQ(summary.seed, 9);
  const auto json = score_json(summary, {});
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["samples_in_dump"], 3);
  EXPECT_EQ(json["samples_planned"], 4);
}

TEST(ScoreSummarizer, PointsForPictures) {
  ScoreTable table = test::made_table(2);
  table.scores[1].values[SampleMeasure::kClassMargin] = -2;
  table.scores[1].mean.values[MapMeasure::kClassContrast] = 0.25;
  const ScoreSummary summary = summarize(table, {.replicates = 0}, "", 1);
  EXPECT_EQ(summary.samples[1].sample_id, 101);
  EXPECT_EQ(summary.samples[1].predicted, 1);
  EXPECT_EQ(summary.samples[1].class_margin, -2);
  EXPECT_EQ(summary.samples[1].class_contrast, 0.25);
  EXPECT_TRUE(std::isnan(summary.samples[0].class_contrast));
  EXPECT_TRUE(std::isnan(measure(summary, "class_contrast").all.low));  // no replicates
}

TEST(ScoreSummarizer, ThreadsChangeNoByte) {
  ScoreTable table = test::made_table(50);
  for (std::size_t i = 0; i < 50; ++i) {
    const double wave = std::sin(static_cast<double>(i));
    table.scores[i].mean.values[MapMeasure::kEntropy] = wave;
    table.scores[i].values[SampleMeasure::kProbability] = wave * wave;
    table.scores[i].values[SampleMeasure::kRight] = i % 3 == 0 ? 1 : 0;
    table.scores[i].heads[i % 2].nearest_part = static_cast<std::int32_t>(i % 2);
  }
  EXPECT_EQ(score_json(summarize(table, {}, "", 1), {}).dump(),
            score_json(summarize(table, {}, "", 4), {}).dump());
}

}  // namespace
}  // namespace intr

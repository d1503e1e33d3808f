// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/class_scores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "attention/score_tables.h"

namespace intr {
namespace {

/// 15 samples, five a class: in class 0 both heads hit the beak, in class 1 one head the tail, in
/// class 2 the tail is visible only.
ScoreTable hitting() {
  ScoreTable table = test::made_table(15);
  for (std::size_t i = 0; i < 15; ++i) {
    PartHits& hits = table.scores[i].part_hits;
    const std::int32_t label = table.samples[i].label;
    hits.visible = {static_cast<std::uint8_t>(label == 2 ? 0 : 1), 1};
    if (label == 0) hits.hit = {1, 0, 1, 0};
    if (label == 1) hits.hit = {0, 0, 0, 1};
    if (label == 2) hits.hit = {0, 0, 0, 0};
  }
  return table;
}

TEST(ClassScores, ShareOfConsistentPairsOverClasses) {
  const MeasureSummary summary = summarize_consistency(hitting(), {}, 1);
  EXPECT_EQ(summary.over, "classes");
  EXPECT_EQ(summary.all.mean, 0.5);  // (1 + 1/2 + 0) / 3
  EXPECT_EQ(summary.all.n, 3);
  EXPECT_EQ(summary.all.low, 0);
  EXPECT_EQ(summary.all.high, 1);
  EXPECT_EQ(summary.heads[0].mean, 1.0 / 3);
  EXPECT_EQ(summary.heads[1].mean, 2.0 / 3);
}

TEST(ClassScores, ClassesThatCannotBeJudgedAreCounted) {
  ScoreTable table = hitting();
  for (std::size_t i = 0; i < 15; ++i)
    if (table.samples[i].label == 1) table.scores[i].part_hits = {};
  const MeasureSummary summary = summarize_consistency(table, {}, 1);
  EXPECT_EQ(summary.all.mean, 0.5);
  EXPECT_EQ(summary.all.n, 2);
  EXPECT_EQ(summary.all.num_nan, 1);
  EXPECT_TRUE(std::isnan(scores_by_class(table)[1].consistent_heads));
}

TEST(ClassScores, MeansOverTheSamplesOfAClass) {
  ScoreTable table = hitting();
  table.samples[0].label = -1;
  for (std::size_t i = 0; i < 15; ++i) {
    table.scores[i].mean.values[MapMeasure::kEntropy] = static_cast<double>(i);
    table.scores[i].values[SampleMeasure::kRight] = i < 6 ? 1 : 0;
  }
  const std::vector<ClassScores> classes = scores_by_class(table);
  ASSERT_EQ(classes.size(), 3u);
  EXPECT_EQ(classes[0].num_samples, 4);
  EXPECT_EQ(classes[0].hits, 1);
  EXPECT_EQ(classes[1].name, "bee, tiny");
  EXPECT_EQ(classes[1].consistent_heads, 0.5);
  const std::vector<std::string> ids = class_column_ids();
  const auto entropy = std::find(ids.begin(), ids.end(), "entropy") - ids.begin();
  EXPECT_EQ(classes[0].means[static_cast<std::size_t>(entropy)], 7.5);  // 3, 6, 9, 12
  EXPECT_EQ(classes[0].means.size(), ids.size());
}

}  // namespace
}  // namespace intr

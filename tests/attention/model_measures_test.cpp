// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "attention/model_tables.h"

namespace intr {
namespace {

std::vector<std::string> ids_of(const std::string& measures) {
  std::vector<std::string> ids;
  for (const ModelMeasure& measure : model_measures({.measures = measures}))
    ids.push_back(measure.id);
  return ids;
}

ModelMeasure find(const std::string& id) {
  for (ModelMeasure& measure : model_measures({}))
    if (measure.id == id) return std::move(measure);
  ADD_FAILURE() << id;
  return {};
}

TEST(ModelMeasures, OnlyWhatIsAskedFor) {
  const std::vector<std::string> curves = {"deletion_probability",
                                           "deletion_margin",
                                           "deletion_probability_normalized",
                                           "deletion_margin_normalized",
                                           "insertion_probability",
                                           "insertion_margin",
                                           "insertion_probability_normalized",
                                           "insertion_margin_normalized"};
  EXPECT_EQ(ids_of("curves"), curves);
  EXPECT_EQ(ids_of("heads"),
            (std::vector<std::string>{"head_effect", "head_flips", "heads_needed", "head_kept"}));
  EXPECT_EQ(ids_of("values"),
            (std::vector<std::string>{"value_rank_correlation", "value_length_rank_correlation",
                                      "value_negative_share"}));
  EXPECT_TRUE(ids_of("randomization").empty());
  EXPECT_EQ(ids_of("randomization,values,heads,curves").size(), 15u);
}

TEST(ModelMeasures, AreDescribedEachInItsOwnWords) {
  std::set<std::string> titles, definitions;
  for (const ModelMeasure& measure : model_measures({})) {
    EXPECT_EQ(measure.version, 1);
    EXPECT_TRUE(titles.insert(measure.title).second) << measure.title;
    EXPECT_TRUE(definitions.insert(measure.definition).second) << measure.definition;
    EXPECT_EQ(measure.definition.find_first_of("\n{}"), std::string::npos);
  }
  EXPECT_NE(find("deletion_margin").definition.find("lower = "), std::string::npos);
  EXPECT_NE(find("insertion_margin").definition.find("higher = "), std::string::npos);
  EXPECT_EQ(find("deletion_margin").unit, "logits");
  EXPECT_EQ(find("deletion_margin_normalized").unit, "");
  EXPECT_EQ(find("insertion_probability").unit, "");
  EXPECT_EQ(find("head_effect").unit, "logits");
}

TEST(ModelMeasures, AreasOfTheMapAndOfItsBaselines) {
  ModelSampleScores scores;
  scores.curves = test::line_curves();
  scores.curves->at(CurveKind::kInsertion, CellOrder::kMap) = test::line_curve(0.5, 1);
  scores.curves->at(CurveKind::kInsertion, CellOrder::kRandom1) = test::line_curve(0, 2);
  scores.curves->at(CurveKind::kInsertion, CellOrder::kCenter) = test::line_curve(0, 0.5);
  const ModelMeasure area = find("insertion_probability");
  EXPECT_NEAR(area.value(scores), 0.75, 1e-12);
  ASSERT_EQ(area.baselines.size(), 2u);
  EXPECT_STREQ(area.baselines[0].name, "random");
  EXPECT_NEAR(area.baselines[0].value(scores), (1 + 0.5 + 0.5) / 3, 1e-12);
  EXPECT_STREQ(area.baselines[1].name, "center_prior");
  EXPECT_NEAR(area.baselines[1].value(scores), 0.25, 1e-12);
  EXPECT_NEAR(find("insertion_margin").value(scores), 7.5, 1e-12);
  EXPECT_NEAR(find("deletion_margin_normalized").value(scores), 0.5, 1e-12);
}

TEST(ModelMeasures, WhatHeadsAreWorth) {
  ModelSampleScores scores;
  scores.heads = HeadScores{{0.5, -1, 3, 2}, {0, 0, 1, 0}, 9, true, {1, 0, 3}, {4, 3, 2}};
  const ModelMeasure effect = find("head_effect"), flips = find("head_flips"),
                     needed = find("heads_needed"), kept = find("head_kept");
  EXPECT_EQ(effect.value(scores), 9);
  EXPECT_EQ(effect.of_head(scores, 1), -1);
  EXPECT_EQ(flips.value(scores), 1);
  EXPECT_EQ(flips.of_head(scores, 2), 1);
  EXPECT_EQ(flips.of_head(scores, 3), 0);
  EXPECT_EQ(needed.value(scores), 1);
  EXPECT_FALSE(needed.of_head);
  EXPECT_EQ(kept.value(scores), 0.25);
  EXPECT_EQ(kept.of_head(scores, 2), 1);
  EXPECT_EQ(kept.of_head(scores, 3), 0);
  scores.heads->flips_without_all = false;
  EXPECT_EQ(flips.value(scores), 0);
}

TEST(ModelMeasures, ValuesAsTheyWereMeasured) {
  ModelSampleScores scores;
  scores.values = ValueScores{0.1, 0.2, 0.3, 0.4, {}};
  EXPECT_EQ(find("value_rank_correlation").value(scores), 0.1);
  EXPECT_EQ(find("value_length_rank_correlation").value(scores), 0.2);
  EXPECT_EQ(find("value_negative_share").value(scores), 0.3);
}

TEST(ModelMeasures, WhatIsNotThereIsNoNumber) {
  const ModelSampleScores nothing;
  for (const ModelMeasure& measure : model_measures({})) {
    EXPECT_TRUE(std::isnan(measure.value(nothing))) << measure.id;
    EXPECT_TRUE(!measure.of_head || std::isnan(measure.of_head(nothing, 1))) << measure.id;
    for (const ModelMeasure::Baseline& baseline : measure.baselines)
      EXPECT_TRUE(std::isnan(baseline.value(nothing))) << measure.id;
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_summarizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/model_tables.h"
#include "intr/attention/model_json.h"
#include "intr/attention/model_summary.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kTight = 1e-12;

const MeasureSummary& measure(const ModelSummary& summary, const std::string& id) {
  const MeasureSummary* found = find_measure(summary.measures, id);
  EXPECT_NE(found, nullptr) << id;
  return *found;
}

/// What an estimate of equal values looks like.
void expect_constant(const Estimate& estimate, double value, std::int64_t n) {
  EXPECT_NEAR(estimate.mean, value, kTight);
  EXPECT_NEAR(estimate.low, value, kTight);
  EXPECT_NEAR(estimate.high, value, kTight);
  EXPECT_EQ(estimate.n, n);
}

TEST(ModelSummarizer, ConstantsHaveNoWidth) {
  ModelScoreTable table = test::made_model_table(2);
  for (ModelSampleScores& scores : table.samples) scores.curves = test::line_curves();
  const ModelSummary summary = summarize_model(table, 1);
  for (const char* id : {"deletion_probability", "insertion_probability",
                         "deletion_probability_normalized", "insertion_margin_normalized"})
    expect_constant(measure(summary, id).all, 0.5, 2);
  const MeasureSummary& area = measure(summary, "insertion_margin");
  expect_constant(area.all, 5, 2);
  EXPECT_EQ(area.over, "samples");
  EXPECT_EQ(area.version, 1);
  EXPECT_EQ(area.unit, "logits");
  EXPECT_TRUE(area.heads.empty());
}

TEST(ModelSummarizer, BaselinesAreComparedSampleBySample) {
  ModelScoreTable table = test::made_model_table(3);
  for (std::size_t i = 0; i < 2; ++i) {  // the third sample has no curves
    table.samples[i].curves = test::line_curves();
    const double top = i == 0 ? 1 : 3;
    table.samples[i].curves->at(CurveKind::kInsertion, CellOrder::kMap) = test::line_curve(0, top);
    table.samples[i].curves->at(CurveKind::kInsertion, CellOrder::kCenter) =
        test::line_curve(0, top - 0.5);
  }
  const ModelSummary summary = summarize_model(table, 1);
  const MeasureSummary& area = measure(summary, "insertion_probability");
  EXPECT_NEAR(area.all.mean, 1, kTight);
  EXPECT_NEAR(area.all.low, 0.5, kTight);
  EXPECT_NEAR(area.all.high, 1.5, kTight);
  EXPECT_EQ(area.all.n, 2);
  EXPECT_EQ(area.all.num_nan, 1);
  ASSERT_EQ(area.baselines.size(), 2u);
  EXPECT_EQ(area.baselines[0].name, "random");
  expect_constant(area.baselines[0].value, 0.5, 2);
  EXPECT_NEAR(area.baselines[0].difference.mean, 0.5, kTight);
  EXPECT_NEAR(area.baselines[0].difference.high, 1, kTight);
  EXPECT_EQ(area.baselines[1].name, "center_prior");
  EXPECT_NEAR(area.baselines[1].value.mean, 0.75, kTight);
  expect_constant(area.baselines[1].difference, 0.25, 2);  // of each pair the same
  EXPECT_EQ(summary.without_target, 0);
  EXPECT_EQ(summary.without_map, 1);
}

TEST(ModelSummarizer, CurvesPointByPoint) {
  ModelScoreTable table = test::made_model_table(2);
  for (ModelSampleScores& scores : table.samples) scores.curves = test::line_curves();
  table.samples[0].curves->at(CurveKind::kDeletion, CellOrder::kRandom2) = test::line_curve(4, 3);
  table.samples[1].curves->at(CurveKind::kInsertion, CellOrder::kCenter)[2].margin = kNaN;
  const ModelSummary summary = summarize_model(table, 1);
  ASSERT_EQ(summary.curves.size(), 6u);
  const char* expected[6][2] = {{"deletion", "map"},          {"deletion", "random"},
                                {"deletion", "center_prior"}, {"insertion", "map"},
                                {"insertion", "random"},      {"insertion", "center_prior"}};
  for (std::size_t c = 0; c < 6; ++c) {
    EXPECT_EQ(summary.curves[c].kind, expected[c][0]);
    EXPECT_EQ(summary.curves[c].order, expected[c][1]);
    ASSERT_EQ(summary.curves[c].points.size(), 17u);
  }
  const CurvePoint& map = summary.curves[0].points[4];
  EXPECT_EQ(map.share, 0.25);
  expect_constant(map.probability, 0.75, 2);
  expect_constant(map.margin, 7.5, 2);
  expect_constant(map.probability_normalized, 0.75, 2);
  expect_constant(map.margin_normalized, 0.75, 2);
  const CurvePoint& random = summary.curves[1].points[4];
  EXPECT_NEAR(random.probability.mean, (0.75 + (0.75 + 3.75 + 0.75) / 3) / 2, kTight);
  EXPECT_NEAR(random.probability.low, 0.75, kTight);
  EXPECT_NEAR(random.probability_normalized.mean, 0.75, kTight);
  const CurvePoint& center = summary.curves[5].points[2];
  EXPECT_EQ(center.margin.n, 1);
  EXPECT_EQ(center.margin.num_nan, 1);
  EXPECT_EQ(center.probability.n, 2);
  EXPECT_EQ(measure(summary, "insertion_margin").baselines[1].value.n, 1);
}

TEST(ModelSummarizer, HeadsAreCountedOverSamples) {
  ModelScoreTable table = test::made_model_table(3);
  table.samples[0].heads = HeadScores{{1, 3}, {0, 1}, 5, true, {0}, {4}};
  table.samples[1].heads = HeadScores{{2, 3}, {0, 0}, 7, false, {}, {}};
  const ModelSummary summary = summarize_model(table, 1);
  EXPECT_EQ(summary.heads, (std::vector<std::int32_t>{0, 1}));
  const MeasureSummary& effect = measure(summary, "head_effect");
  EXPECT_EQ(effect.all.mean, 6);
  EXPECT_EQ(effect.all.num_nan, 1);
  ASSERT_EQ(effect.heads.size(), 2u);
  EXPECT_EQ(effect.heads[0].mean, 1.5);
  expect_constant(effect.heads[1], 3, 2);
  EXPECT_EQ(measure(summary, "head_flips").all.mean, 0.5);
  EXPECT_EQ(measure(summary, "head_flips").heads[1].mean, 0.5);
  EXPECT_EQ(measure(summary, "heads_needed").all.mean, 1.5);
  EXPECT_TRUE(measure(summary, "heads_needed").heads.empty());
  EXPECT_EQ(measure(summary, "head_kept").all.mean, 0.75);
  EXPECT_EQ(measure(summary, "head_kept").heads[0].mean, 0.5);
  EXPECT_EQ(measure(summary, "head_kept").heads[1].mean, 1);
}

TEST(ModelSummarizer, StagesOfRandomization) {
  ModelScoreTable table = test::made_model_table(3);
  table.samples[0].randomization = RandomizationScores{0.5, 0.25, {{1, 1, 0.5}, {0.5, 0.75, 0.1}}};
  table.samples[2].randomization =
      RandomizationScores{0.7, kNaN, {{1, 1, kNaN}, {-0.5, 0.25, kNaN}}};
  const ModelSummary summary = summarize_model(table, 1);
  EXPECT_EQ(summary.randomization_samples, 2);
  ASSERT_EQ(summary.randomization.size(), 2u);
  EXPECT_EQ(summary.randomization[0].name, "presence vector");
  expect_constant(summary.randomization[0].rank_correlation, 1, 2);
  EXPECT_EQ(summary.randomization[1].rank_correlation.mean, 0);
  EXPECT_EQ(summary.randomization[1].rank_correlation.num_nan, 0);  // others are not looked at
  EXPECT_EQ(summary.randomization[1].cosine.mean, 0.5);
  expect_constant(summary.randomization[1].box_mass, 0.1, 1);
  EXPECT_NEAR(summary.uniform_cosine.mean, 0.6, kTight);
  expect_constant(summary.box_uniform, 0.25, 1);
}

TEST(ModelSummarizer, WhatWasNotAskedForIsLeftOut) {
  ModelScoreTable table = test::made_model_table(2);
  ModelSummary summary = summarize_model(table, 1);
  EXPECT_EQ(summary.measures.size(), 15u);
  for (const MeasureSummary& missing : summary.measures) {
    EXPECT_EQ(missing.all.n, 0) << missing.id;
    EXPECT_TRUE(std::isnan(missing.all.mean)) << missing.id;
    EXPECT_EQ(missing.all.num_nan, 2) << missing.id;
  }
  EXPECT_TRUE(std::isnan(summary.uniform_cosine.mean));
  EXPECT_EQ(summary.without_target, 0);
  EXPECT_EQ(summary.without_map, 2);
  table.options.measures = "values";
  table.stages.clear();
  table.samples[0].target = -1;
  table.samples[1].values = ValueScores{0.5, 0.25, 0.125, 0, {}};
  summary = summarize_model(table, 1);
  EXPECT_EQ(summary.measures.size(), 3u);
  EXPECT_EQ(find_measure(summary.measures, "head_effect"), nullptr);
  expect_constant(measure(summary, "value_negative_share").all, 0.125, 1);
  EXPECT_TRUE(summary.curves.empty());
  EXPECT_TRUE(summary.randomization.empty());
  EXPECT_EQ(summary.randomization_samples, 0);
  EXPECT_EQ(summary.without_target, 1);
}

TEST(ModelSummarizer, TellsWhatWasAskedFor) {
  ModelScoreTable table = test::made_model_table(4);
  table.options.target = "true";
  table.options.map = "head:1";
  table.options.ablate = "zero";
  table.options.seed = 3;
  table.samples[2].predicted = -1;
  table.samples[3].label = table.samples[3].predicted = -1;  // no hit
  const ModelSummary summary = summarize_model(table, 1);
  EXPECT_EQ(summary.dump, "maps");
  EXPECT_EQ(summary.content_id, std::string(32, 'c'));
  EXPECT_EQ(summary.precision, "fp32");
  EXPECT_EQ(summary.layer, 5);
  EXPECT_EQ(summary.target, "true");
  EXPECT_EQ(summary.map, "head:1");
  EXPECT_EQ(summary.ablation, "zero");
  EXPECT_EQ(summary.classes[2], "cat%0A");
  EXPECT_EQ(summary.num_samples, 4);
  EXPECT_EQ(summary.samples_in_dump, 9);
  EXPECT_EQ(summary.labeled, 3);
  EXPECT_EQ(summary.hits, 1);
  EXPECT_EQ(summary.forward_passes, 77);
  EXPECT_EQ(summary.replicates, 200);
  EXPECT_EQ(summary.seed, 3);
}

TEST(ModelSummarizer, TheTemperatureIsThatOfLabeledSamples) {
  ModelScoreTable table = test::made_model_table(7);
  for (std::size_t i = 0; i < 7; ++i) {
    table.samples[i].logits = {2, 0};
    table.samples[i].label = i == 3 ? 1 : 0;  // of the first four, three are right
  }
  table.samples[4].label = -1;
  table.samples[5].label = 2;  // a class that the network does not know
  table.samples[6].logits = {2, std::numeric_limits<float>::quiet_NaN()};
  const ModelSummary summary = summarize_model(table, 1);
  EXPECT_EQ(summary.temperature.n, 4);
  EXPECT_NEAR(summary.temperature.temperature, 2 / std::log(3.0), 1e-9);
}

TEST(ModelSummarizer, ScoresOfAnotherModelAreRefused) {
  ModelScoreTable table = test::made_model_table(1);
  table.samples[0].heads = HeadScores{{1}, {0}, 0, false, {}, {}};
  EXPECT_THROW(summarize_model(table, 1), DataError);
  table.samples[0].heads.reset();
  table.samples[0].randomization.emplace();
  EXPECT_THROW(summarize_model(table, 1), DataError);
}

TEST(ModelSummarizer, NoSamplesAndNoReplicates) {
  const ModelSummary none = summarize_model(test::made_model_table(0), 2);
  EXPECT_EQ(measure(none, "deletion_margin").all.n, 0);
  EXPECT_EQ(none.temperature.n, 0);
  ModelScoreTable table = test::made_model_table(2);
  table.options.replicates = 0;
  for (ModelSampleScores& scores : table.samples) scores.curves = test::line_curves();
  const ModelSummary summary = summarize_model(table, 1);
  EXPECT_NEAR(measure(summary, "deletion_margin").all.mean, 5, kTight);
  EXPECT_TRUE(std::isnan(measure(summary, "deletion_margin").all.low));
}

/// A table with waves for numbers.
ModelScoreTable wavy_table() {
  ModelScoreTable table = test::made_model_table(50);
  for (std::size_t i = 0; i < 50; ++i) {
    const double wave = std::sin(static_cast<double>(i));
    ModelSampleScores& scores = table.samples[i];
    if (i % 7 != 0) scores.curves = test::line_curves();
    if (i % 7 != 0)
      scores.curves->at(CurveKind::kDeletion, CellOrder::kMap) = test::line_curve(1, wave);
    scores.heads = HeadScores{{wave, -wave}, {0, 1}, wave, i % 3 == 0, {1}, {wave}};
    scores.randomization = RandomizationScores{wave, wave, {{1, 1, wave}, {wave, wave, kNaN}}};
  }
  return table;
}

TEST(ModelSummarizer, ThreadsChangeNoByteAndTheSeedDoes) {
  ModelScoreTable table = wavy_table();
  std::int64_t replicates = 0;
  const std::string one = model_json(summarize_model(table, 1), {}).dump();
  EXPECT_EQ(
      one,
      model_json(summarize_model(table, 7, [&](std::int64_t count) { replicates += count; }), {})
          .dump());
  EXPECT_EQ(replicates, 200);
  const double low = measure(summarize_model(table, 1), "head_effect").all.low;
  table.options.seed = 1;
  EXPECT_NE(low, measure(summarize_model(table, 1), "head_effect").all.low);
}

TEST(ModelSummarizer, GivesUpWhenItIsTold) {
  std::int64_t made = 0;
  const ModelSummary summary = summarize_model(
      wavy_table(), 1, [&](std::int64_t count) { made += count; }, [&] { return made == 5; });
  EXPECT_EQ(made, 5);
  EXPECT_TRUE(summary.measures.empty());
}

}  // namespace
}  // namespace intr

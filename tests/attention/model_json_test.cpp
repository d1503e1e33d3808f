// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_json.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/model_tables.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

TEST(ModelJson, HoldsWhatWasMeasuredOfWhat) {
  ModelScoreTable table = test::made_model_table(2);
  table.facts.model_hash = "m";
  table.facts.dataset_id = "d";
  table.options.seed = 6;
  const Json json = model_json(summarize_model(table, 1), {{"samples", 3}});
  const Json expected = {{"format", "intr-model-scores"},
                         {"format_version", {1, 0}},
                         {"content_id", std::string(32, 'c')},
                         {"model_hash", "m"},
                         {"dataset_id", "d"},
                         {"split", "val"},
                         {"precision", "fp32"},
                         {"complete", true},
                         {"samples_in_dump", 9},
                         {"samples_planned", 9},
                         {"options", {{"samples", 3}}},
                         {"layer", 5},
                         {"target", "predicted"},
                         {"map", "mean"},
                         {"ablation", "uniform"},
                         {"heads", {0, 1}},
                         {"samples", 2},
                         {"labeled", 2},
                         {"hits", 1},
                         {"without_target", 0},
                         {"without_map", 2},
                         {"forward_passes", 77},
                         {"replicates", 200},
                         {"seed", 6}};
  for (const auto& [key, value] : expected.items()) EXPECT_EQ(json[key], value) << key;
  EXPECT_EQ(json["measures"].size(), 15u);
  EXPECT_TRUE(json["measures"][0]["mean"].is_null());
  EXPECT_EQ(json["curves"].size(), 6u);
}

TEST(ModelJson, HoldsEveryCurveStageAndTheTemperature) {
  ModelScoreTable table = test::made_model_table(1);
  table.samples[0].curves = test::line_curves();
  table.samples[0].heads = HeadScores{{1, 2}, {0, 1}, 4, true, {1}, {1}};
  table.samples[0].randomization =
      RandomizationScores{0.5, std::nan(""), {{1, 1, 0.5}, {0.25, 0.125, 0}}};
  const Json json = model_json(summarize_model(table, 1), {});
  EXPECT_EQ(json["measures"][1]["id"], "deletion_margin");
  EXPECT_EQ(json["measures"][1]["baselines"]["random"]["difference"]["mean"], 0.0);
  EXPECT_EQ(json["measures"][8]["id"], "head_effect");
  EXPECT_EQ(json["measures"][8]["heads"][1]["mean"], 2.0);
  const Json& curve = json["curves"][3];
  EXPECT_EQ(curve["kind"], "insertion");
  EXPECT_EQ(curve["order"], "map");
  ASSERT_EQ(curve["points"].size(), 17u);
  const Json& point = curve["points"][4];
  EXPECT_EQ(point["share"], 0.25);
  EXPECT_EQ(point["probability"]["mean"], 0.25);
  EXPECT_EQ(point["margin"]["high"], 2.5);
  EXPECT_EQ(point["probability_normalized"]["n"], 1);
  EXPECT_EQ(point["margin_normalized"]["mean"], 0.25);
  const Json& randomization = json["randomization"];
  EXPECT_EQ(randomization["samples"], 1);
  EXPECT_EQ(randomization["uniform_cosine"]["mean"], 0.5);
  EXPECT_TRUE(randomization["box_uniform"]["mean"].is_null());
  const Json& stage = randomization["stages"][1];
  EXPECT_EQ(stage["name"], "decoder layer 5");
  EXPECT_EQ(stage["rank_correlation"]["mean"], 0.25);
  EXPECT_EQ(stage["cosine"]["mean"], 0.125);
  EXPECT_EQ(stage["box_mass"]["n"], 1);
}

TEST(ModelJson, TheTemperatureIsNullWithoutLabels) {
  ModelSummary summary;
  EXPECT_TRUE(model_json(summary, {})["temperature"].is_null());
  summary.temperature = {4, 1.5, 0.75, std::nan(""), 0.25, 0.125};
  EXPECT_EQ(model_json(summary, {})["temperature"], (Json{{"n", 4},
                                                          {"temperature", 1.5},
                                                          {"loss_before", 0.75},
                                                          {"loss_after", nullptr},
                                                          {"error_before", 0.25},
                                                          {"error_after", 0.125}}));
}

}  // namespace
}  // namespace intr

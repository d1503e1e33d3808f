// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_scores.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "intr/core/error.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Every part, with numbers that few digits do not hold.
ModelSampleScores full_scores() {
  ModelSampleScores scores;
  scores.sample_id = (std::int64_t{1} << 53) + 1;  // no double
  scores.label = 2;
  scores.predicted = 1;
  scores.target = 1;
  scores.logits = {0.1f, -1e-45f, 3.4028234e38f, -0.0f};
  SampleCurves curves;
  double next = 1.0 / 3;
  for (const CurveKind kind : kCurveKinds)
    for (const CellOrder order : kCellOrders)
      for (TargetScore& point : curves.at(kind, order)) {
        point = {next, -1 / next};
        next = std::nextafter(next * 1.01, 1e9);
      }
  curves.at(CurveKind::kInsertion, CellOrder::kRandom2)[3] = {kNaN, 5e-324};
  scores.curves = curves;
  scores.heads = HeadScores{{0.1, 0.2, kNaN}, {0, 1, 0}, 0.7, true, {2, 0}, {1.1, 0.3}};
  scores.values = ValueScores{0.9, -0.4, 1.0 / 7, 1e-7, {0.1f, -0.2f}};
  scores.randomization = RandomizationScores{0.6, kNaN, {{1, 1, kNaN}, {-0.1, 0.2, 0.3}}};
  return scores;
}

ModelSampleScores through_text(const ModelSampleScores& scores) {
  return model_sample_scores(Json::parse(to_json(scores).dump()));
}

TEST(ModelScores, NamesOfKinds) {
  EXPECT_STREQ(name_of(CurveKind::kDeletion), "deletion");
  EXPECT_STREQ(name_of(CurveKind::kInsertion), "insertion");
}

TEST(ModelScores, PredictionsComeBackBitForBit) {
  const ModelSampleScores scores = full_scores(), back = through_text(scores);
  EXPECT_EQ(back.sample_id, scores.sample_id);
  EXPECT_EQ(back.label, 2);
  EXPECT_EQ(back.predicted, 1);
  EXPECT_EQ(back.target, 1);
  ASSERT_EQ(back.logits.size(), 4u);
  for (std::size_t k = 0; k < 4; ++k)
    EXPECT_EQ(std::bit_cast<std::uint32_t>(back.logits[k]),
              std::bit_cast<std::uint32_t>(scores.logits[k]))
        << k;
}

TEST(ModelScores, CurvesComeBackBitForBit) {
  const ModelSampleScores scores = full_scores(), back = through_text(scores);
  ASSERT_TRUE(back.curves);
  for (const CurveKind kind : kCurveKinds)
    for (const CellOrder order : kCellOrders)
      for (std::size_t t = 0; t <= kCurveSteps; ++t) {
        const TargetScore& point = back.curves->at(kind, order)[t];
        const TargetScore& own = scores.curves->at(kind, order)[t];
        EXPECT_EQ(point.margin, own.margin);
        if (std::isnan(own.probability))
          EXPECT_TRUE(std::isnan(point.probability));
        else
          EXPECT_EQ(point.probability, own.probability);
      }
}

TEST(ModelScores, HeadsValuesAndStagesComeBack) {
  const ModelSampleScores back = through_text(full_scores());
  ASSERT_TRUE(back.heads && back.values && back.randomization);
  EXPECT_EQ(back.heads->effect[1], 0.2);
  EXPECT_TRUE(std::isnan(back.heads->effect[2]));
  EXPECT_EQ(back.heads->flips, (std::vector<std::uint8_t>{0, 1, 0}));
  EXPECT_EQ(back.heads->effect_of_all, 0.7);
  EXPECT_TRUE(back.heads->flips_without_all);
  EXPECT_EQ(back.heads->removed, (std::vector<std::int32_t>{2, 0}));
  EXPECT_EQ(back.heads->margins, (std::vector<double>{1.1, 0.3}));
  EXPECT_EQ(back.values->rank_correlation, 0.9);
  EXPECT_EQ(back.values->length_rank_correlation, -0.4);
  EXPECT_EQ(back.values->negative_share, 1.0 / 7);
  EXPECT_EQ(back.values->completeness_error, 1e-7);
  EXPECT_EQ(back.values->map, (std::vector<float>{0.1f, -0.2f}));
  EXPECT_EQ(back.randomization->uniform_cosine, 0.6);
  EXPECT_TRUE(std::isnan(back.randomization->box_uniform));
  ASSERT_EQ(back.randomization->stages.size(), 2u);
  EXPECT_EQ(back.randomization->stages[1].rank_correlation, -0.1);
  EXPECT_EQ(back.randomization->stages[1].cosine, 0.2);
  EXPECT_EQ(back.randomization->stages[1].box_mass, 0.3);
  EXPECT_TRUE(std::isnan(back.randomization->stages[0].box_mass));
}

TEST(ModelScores, WhatIsNotThereStaysAway) {
  ModelSampleScores scores;
  scores.logits = {std::numeric_limits<float>::infinity()};
  const Json json = to_json(scores);
  EXPECT_EQ(json.size(), 5u);
  EXPECT_TRUE(json["logits"][0].is_null());  // before it is text, too
  const ModelSampleScores back = model_sample_scores(json);
  EXPECT_FALSE(back.curves || back.heads || back.values || back.randomization);
  EXPECT_EQ(back.target, -1);
  scores.values.emplace();
  EXPECT_FALSE(to_json(scores)["values"].contains("map"));
  EXPECT_TRUE(through_text(scores).values->map.empty());
}

/// The JSON of full scores with the value at `path` replaced.
Json with(const char* path, const Json& value) {
  Json json = to_json(full_scores());
  json[Json::json_pointer(path)] = value;
  return json;
}

TEST(ModelScores, WrongShapesAreRefused) {
  EXPECT_NO_THROW(model_sample_scores(with("/label", 0)));
  const std::vector<Json> wrong = {
      with("/sample", -1),
      with("/sample", std::numeric_limits<std::uint64_t>::max()),
      with("/label", 1.5),
      with("/label", -2),
      with("/predicted", true),
      with("/target", std::int64_t{1} << 32),
      with("/logits", 3),
      with("/logits/0", "x"),
      with("/logits/0", 1e300),
      with("/curves/deletion/map/margin", Json::array({1, 2})),
      with("/curves/insertion/center/probability/17", 0.5),  // a point too many
      with("/curves/deletion", Json::array()),
      with("/heads/effect/3", 0.5),  // more effects than flips
      with("/heads/flips/0", 1),
      with("/heads/flips_without_all", nullptr),
      with("/heads/removed/0", 3),  // of three heads
      with("/heads/removed/0", 0),  // twice
      with("/heads/margins", Json::array({1})),
      with("/heads", nullptr),
      with("/values/map", "x"),
      with("/randomization/stages", Json::object()),
      with("/randomization/stages/0", 1)};
  for (const Json& json : wrong) {
    bool refused = false;
    try {
      model_sample_scores(json);
    } catch (const DataError&) {
      refused = true;
    } catch (const nlohmann::json::exception&) {
      refused = true;
    }
    EXPECT_TRUE(refused) << json.dump();
  }
  EXPECT_THROW(model_sample_scores(with("/heads/removed/0", 0)), DataError);
  EXPECT_THROW(model_sample_scores(Json::array()), nlohmann::json::exception);
}

TEST(ModelScores, EveryKeyIsNeeded) {
  const std::vector<std::string> parents = {
      "",       "/curves", "/curves/deletion", "/curves/deletion/map",
      "/heads", "/values", "/randomization",   "/randomization/stages/1"};
  for (const std::string& parent : parents) {
    const Json whole = to_json(full_scores());
    for (const auto& [key, value] : whole[Json::json_pointer(parent)].items()) {
      const bool optional =
          parent.empty() ? value.is_object() : key == "map" && parent == "/values";
      Json json = whole;
      json[Json::json_pointer(parent)].erase(key);
      if (optional)
        EXPECT_NO_THROW(model_sample_scores(json)) << parent << "/" << key;
      else
        EXPECT_THROW(model_sample_scores(json), nlohmann::json::exception) << parent << "/" << key;
    }
  }
}

}  // namespace
}  // namespace intr

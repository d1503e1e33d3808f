// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/estimate_json.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

TEST(EstimateJson, NumbersAreExactAndNaNIsNull) {
  EXPECT_EQ(json_number(1.0 / 3).dump(), "0.3333333333333333");
  EXPECT_TRUE(json_number(std::nan("")).is_null());
  EXPECT_EQ(json_of(Estimate{0.5, 0.25, std::nan(""), 3, 1}),
            (Json{{"mean", 0.5}, {"low", 0.25}, {"high", nullptr}, {"n", 3}, {"n_nan", 1}}));
}

TEST(EstimateJson, MeasuresHaveHeadsAndBaselinesWhereThereAreSome) {
  MeasureSummary measure{"entropy",       2,  "entropy", "nats", "E = …", "samples",
                         {1, 0, 2, 5, 0}, {}, {}};
  Json json = json_of(measure, {0, 3});
  EXPECT_EQ(json["id"], "entropy");
  EXPECT_EQ(json["version"], 2);
  EXPECT_EQ(json["unit"], "nats");
  EXPECT_EQ(json["definition"], "E = …");
  EXPECT_EQ(json["over"], "samples");
  EXPECT_EQ(json["high"], 2.0);
  EXPECT_FALSE(json.contains("heads") || json.contains("baselines"));
  measure.heads = {{4, 4, 4, 5, 0}, {6, 6, 6, 5, 0}};
  measure.baselines = {{"chance", {0.5, 0, 1, 5, 0}, {0.25, 0, 1, 4, 1}}};
  json = json_of(measure, {0, 3});
  EXPECT_EQ(json["heads"][1]["head"], 3);
  EXPECT_EQ(json["heads"][1]["mean"], 6.0);
  EXPECT_EQ(json["baselines"]["chance"]["mean"], 0.5);
  EXPECT_EQ(json["baselines"]["chance"]["difference"]["mean"], 0.25);
  EXPECT_EQ(json["baselines"]["chance"]["difference"]["n"], 4);
}

}  // namespace
}  // namespace intr

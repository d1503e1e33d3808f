// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_json.h"

#include <gtest/gtest.h>

#include "attention/score_tables.h"
#include "intr/attention/score_summarizer.h"
#include "intr/attention/score_text.h"

namespace intr {
namespace {

ScoreSummary some_summary() {
  ScoreTable table = test::made_table(2);
  table.confusions = {{{0, 1}, 7}};
  for (SampleScores& scores : table.scores) {
    scores.mean.values[MapMeasure::kPointing0] = 1;
    scores.heads[0].values[MapMeasure::kPointing0] = 0;
    scores.heads[1].values[MapMeasure::kPointing0] = 1;
    scores.values[SampleMeasure::kPointing0Chance] = 0.25;
    scores.values[SampleMeasure::kProbability] = 0.5;
    scores.values[SampleMeasure::kRight] = 1;
  }
  return summarize(table, {}, "", 1);
}

TEST(ScoreJson, HoldsMeasuresWithIntervalsAndBaselines) {
  const auto json = score_json(some_summary(), {{"seed", 3}});
  EXPECT_EQ(json["format"], "intr-scores");
  EXPECT_EQ(json["options"]["seed"], 3);
  EXPECT_EQ(json["heads"], nlohmann::ordered_json({0, 3}));
  for (const auto& measure : json["measures"]) {
    if (measure["id"] == "entropy") {
      EXPECT_TRUE(measure["mean"].is_null());
      EXPECT_EQ(measure["n_nan"], 2);
      EXPECT_EQ(measure["unit"], "nats");
    }
    if (measure["id"] != "pointing_0") continue;
    EXPECT_EQ(measure["mean"], 1.0);
    EXPECT_EQ(measure["version"], 1);
    EXPECT_EQ(measure["heads"][1]["head"], 3);
    EXPECT_EQ(measure["heads"][1]["mean"], 1.0);
    EXPECT_EQ(measure["baselines"]["chance"]["mean"], 0.25);
    EXPECT_EQ(measure["baselines"]["chance"]["difference"]["low"], 0.75);
  }
  EXPECT_EQ(json["calibration"][7]["n"], 2);
  EXPECT_EQ(json["confusions"][0]["predicted"], "bee, tiny");
  EXPECT_EQ(json["part_shares"]["names"][1], "tail");
}

TEST(ScoreText, NamesTheLargestHeadAndWhatIsMissing) {
  const std::string text = score_text(some_summary());
  EXPECT_NE(text.find("1 (head 3)"), std::string::npos) << text;
  EXPECT_NE(text.find("chance 0.25"), std::string::npos) << text;
  EXPECT_NE(text.find("without any value: "), std::string::npos) << text;
  EXPECT_EQ(text.find("\nentropy"), std::string::npos) << text;
  EXPECT_NE(text.find("can lie beside the mean"), std::string::npos) << text;
  ScoreSummary bare = some_summary();
  bare.replicates = 0;
  EXPECT_EQ(score_text(bare).find("Intervals"), std::string::npos);
}

}  // namespace
}  // namespace intr

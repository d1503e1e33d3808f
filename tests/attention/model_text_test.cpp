// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/model_tables.h"

namespace intr {
namespace {

ModelSummary some_summary() {
  ModelScoreTable table = test::made_model_table(2);
  for (ModelSampleScores& scores : table.samples) {
    scores.curves = test::line_curves();
    scores.heads = HeadScores{{1, 3}, {0, 1}, 4, true, {0}, {1}};
    scores.randomization = RandomizationScores{0.375, 0.25, {{1, 1, 0.5}, {0.25, 0.125, 0.75}}};
  }
  return summarize_model(table, 1);
}

TEST(ModelText, MeasuresStagesAndTemperature) {
  const std::string text = model_text(some_summary());
  EXPECT_EQ(text.rfind("measure ", 0), 0u) << text;
  EXPECT_NE(text.find("\ndeletion, margin, logits "), std::string::npos) << text;
  EXPECT_NE(text.find("random 0.5, center_prior 0.5"), std::string::npos) << text;
  EXPECT_NE(text.find("3 (head 1)"), std::string::npos) << text;
  EXPECT_NE(text.find("without any value: attribution against attention"), std::string::npos)
      << text;
  EXPECT_NE(text.find("original ones, 2 samples\nmade random so far  rank correlation"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("\ndecoder layer 5     0.25 (0.25 to 0.25)"), std::string::npos) << text;
  EXPECT_NE(text.find(" 0.125 (0.125 to 0.125)"), std::string::npos) << text;
  EXPECT_NE(text.find(" 0.75 (0.75 to 0.75)\n(a uniform map) "), std::string::npos) << text;
  EXPECT_NE(text.find(" 0.375 (0.375 to 0.375)"), std::string::npos) << text;
  EXPECT_NE(text.find(" fits the 2 labeled samples best"), std::string::npos) << text;
}

TEST(ModelText, TheTemperatureInNumbers) {
  ModelSummary summary;
  summary.temperature = {40, 1.5, 0.75, 0.5, 0.25, 0.125};
  const std::string text = model_text(summary);
  EXPECT_NE(text.find("softmax(z / 1.5) fits the 40 labeled samples best"), std::string::npos);
  EXPECT_NE(text.find("negative log-likelihood    0.75 -> 0.5 nats\n"), std::string::npos) << text;
  EXPECT_NE(text.find("expected calibration error 0.25 -> 0.125\n"), std::string::npos) << text;
  summary.temperature = {1, 1.5, 0.75, std::nan(""), 0.25, std::nan("")};
  EXPECT_EQ(model_text(summary).find("nan"), std::string::npos);
}

TEST(ModelText, WhatIsNotThereTakesNoLine) {
  EXPECT_EQ(model_text(ModelSummary{}), "");
  ModelSummary summary = some_summary();
  summary.box_uniform.n = 0;
  for (RandomizationStage& stage : summary.randomization) stage.box_mass.n = 0;
  EXPECT_EQ(model_text(summary).find("mass in box"), std::string::npos);
  summary.randomization[1].cosine.low = std::nan("");  // no replicates
  EXPECT_NE(model_text(summary).find(" 0.125\n"), std::string::npos);
}

}  // namespace
}  // namespace intr

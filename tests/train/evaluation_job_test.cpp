// SPDX-License-Identifier: Apache-2.0
#include "intr/train/evaluation_job.h"

#include <gtest/gtest.h>

#include "support/colored_squares.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

Evaluation three_samples() {
  Evaluation evaluation;
  evaluation.samples = 3;
  evaluation.hits1 = 2;
  evaluation.hits5 = 3;
  evaluation.loss = 1.23456789;
  evaluation.scores = {score_sample(std::vector<float>{2, 0, 0}, 0, 0),
                       score_sample(std::vector<float>{0, 2, 0}, 1, 1),
                       score_sample(std::vector<float>{0, 2, 0}, 2, 2)};
  return evaluation;
}

const EvaluationFacts kFacts{.model_hash = "m",
                             .dataset_id = "d",
                             .split = "val",
                             .transform = "val",
                             .precision = "fp32",
                             .step = 7,
                             .batch_size = 2,
                             .classes = {"plain", "with, comma", "with \"quote\""}};

TEST(EvaluationJob, JsonCountsEverySample) {
  const auto json = evaluation_json(three_samples(), kFacts, 5);
  EXPECT_EQ(json.at("samples"), 3);
  EXPECT_EQ(json.at("hits1"), 2);
  EXPECT_EQ(json.at("acc1"), 66.66667);
  EXPECT_EQ(json.at("loss"), 1.23457);
  EXPECT_LT(json.at("acc1_interval")[0], 66.0);
  ASSERT_EQ(json.at("confusions").size(), 1u);
  EXPECT_EQ(json.at("confusions")[0].at("true"), "with \"quote\"");
  EXPECT_EQ(json.at("confusions")[0].at("predicted"), "with, comma");
  EXPECT_EQ(evaluation_json(three_samples(), kFacts, 0).at("confusions").size(), 0u);
}

TEST(EvaluationJob, CsvHasALineASampleWithQuotedNames) {
  const test::TempDir folder;
  const DataIndex index = DataIndex::open(test::make_colored_squares(folder.path()), "val");
  const std::string text = evaluation_csv(three_samples(), kFacts, index);
  EXPECT_EQ(text.substr(0, text.find('\n')),
            "sample_id,path,true,predicted,rank,loss,confidence,margin");
  EXPECT_NE(text.find("\n0,a/0.png,plain,plain,0,"), std::string::npos) << text;
  EXPECT_NE(text.find("\n2,a/2.png,\"with \"\"quote\"\"\",\"with, comma\",2,"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<std::string> kClasses = {"crow", "tit, great", "heron", "\xC3\xA9gret 50%"};
// Softmax: 1/8, 1/2, 1/8, 1/4.
const std::vector<float> kLogits = {0.0F, std::log(4.0F), 0.0F, std::log(2.0F)};

Prediction scored(std::int64_t top, const std::vector<std::int32_t>& asked = {}) {
  Prediction prediction;
  prediction.path = "a b/1.png";
  prediction.size = {20, 30};
  prediction.hash = 0xab;
  score_classes(kLogits, top, asked, prediction);
  return prediction;
}

std::vector<std::int32_t> listed(const Prediction& prediction) {
  std::vector<std::int32_t> classes;
  for (const ClassScore& one : prediction.classes) classes.push_back(one.index);
  return classes;
}

TEST(Prediction, SoftmaxMarginAndEntropyByHand) {
  const Prediction prediction = scored(4);
  EXPECT_EQ(listed(prediction), (std::vector<std::int32_t>{1, 3, 0, 2}));
  const std::vector<double> scores = {0.5, 0.25, 0.125, 0.125};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(prediction.classes[i].score, scores[i], 1e-7);
    EXPECT_EQ(prediction.classes[i].rank, static_cast<std::int64_t>(i) + 1);
  }
  EXPECT_EQ(prediction.classes[1].logit, kLogits[3]);
  EXPECT_NEAR(prediction.margin, std::log(2.0), 1e-7);
  EXPECT_NEAR(prediction.entropy, 1.75 * std::log(2.0), 1e-7);
}

TEST(Prediction, AskedClassesAreListedBehindTheBest) {
  EXPECT_EQ(listed(scored(1)), (std::vector<std::int32_t>{1}));
  EXPECT_EQ(listed(scored(2, {2, 1})), (std::vector<std::int32_t>{1, 3, 2}));
  EXPECT_EQ(scored(2, {2}).classes[2].rank, 4);
  EXPECT_EQ(listed(scored(9)).size(), 4U);
}

TEST(Prediction, OneClassAndLargeLogits) {
  Prediction one;
  score_classes(std::vector<float>{-3}, 5, {0}, one);
  EXPECT_EQ(one.classes.size(), 1U);
  EXPECT_EQ(one.classes[0].score, 1);
  EXPECT_EQ(one.margin, 0);
  EXPECT_EQ(one.entropy, 0);
  Prediction large;
  score_classes(std::vector<float>{1000, -1000}, 2, {}, large);
  EXPECT_EQ(large.classes[0].score, 1);
  EXPECT_EQ(large.classes[1].score, 0);
}

TEST(Prediction, JsonHoldsEveryDigit) {
  Prediction prediction = scored(2);
  prediction.logits = {0.1F, 1e-30F, -3.4e38F, 16777217.0F};
  prediction.figures = {"maps/1__predicted-strip.png"};
  const Json json = Json::parse(prediction_json(prediction, kClasses).dump());
  EXPECT_EQ(json.at("path"), "a b/1.png");
  EXPECT_EQ(json.at("width"), 30);
  EXPECT_EQ(json.at("height"), 20);
  EXPECT_EQ(json.at("bytes_xxh3"), "00000000000000ab");
  EXPECT_EQ(json.at("predictions").size(), 2U);
  EXPECT_EQ(json.at("predictions")[1].at("class"), "\xC3\xA9gret 50%25");
  EXPECT_EQ(json.at("predictions")[1].at("index"), 3);
  EXPECT_EQ(json.at("predictions")[1].at("logit").get<float>(), kLogits[3]);
  EXPECT_EQ(json.at("logits").get<std::vector<float>>(), prediction.logits);
  EXPECT_EQ(json.at("maps")[0], "maps/1__predicted-strip.png");
  EXPECT_FALSE(json.contains("error"));
}

TEST(Prediction, BadFilesHaveAnErrorAndNothingElse) {
  Prediction bad;
  bad.path = "x\xFF.png";
  bad.error = "x%FF.png: empty";
  const Json json = Json::parse(prediction_json(bad, kClasses).dump());
  EXPECT_EQ(json, (Json{{"path", "x%FF.png"}, {"error", "x%FF.png: empty"}}));
  EXPECT_NE(prediction_text(bad, kClasses).find("no prediction"), std::string::npos);
  EXPECT_EQ(predictions_csv({bad}, kClasses), "path,rank,class,index,score,logit\n");
}

TEST(Prediction, CsvHasALineForEachListedClass) {
  EXPECT_EQ(predictions_csv({scored(1, {2})}, kClasses),
            "path,rank,class,index,score,logit\n"
            "a b/1.png,1,\"tit, great\",1,0.5,1.3862944\n"
            "a b/1.png,4,heron,2,0.125,0\n");
}

TEST(Prediction, TextIsAlignedByLetters) {
  EXPECT_EQ(prediction_text(scored(3), kClasses),
            "a b/1.png\n"
            "    1  tit, great    50.0 %  logit 1.386\n"
            "    2  \xC3\xA9gret 50%25   25.0 %  logit 0.693\n"
            "    3  crow          12.5 %  logit 0.000\n");
}

}  // namespace
}  // namespace intr

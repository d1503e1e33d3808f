// SPDX-License-Identifier: Apache-2.0
#include "intr/train/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Scores, EqualLogitsRankByClassNumber) {
  const std::vector<float> equal(4, 2.5F);
  for (std::int64_t label = 0; label < 4; ++label) {
    const SampleScore score = score_sample(equal, label, 9);
    EXPECT_EQ(score.rank, label);
    EXPECT_EQ(score.predicted, 0);
    EXPECT_DOUBLE_EQ(score.loss, std::log(4.0));
    EXPECT_DOUBLE_EQ(score.confidence, 0.25);
    EXPECT_DOUBLE_EQ(score.brier, 0.75 * 0.75 + 3 * 0.0625);
    EXPECT_DOUBLE_EQ(score.margin, 0);
  }
}

TEST(Scores, TwoClassesByHand) {
  const float logit = static_cast<float>(std::log(3.0));
  const std::vector<float> logits = {0, logit};
  const SampleScore right = score_sample(logits, 1, 0);
  EXPECT_EQ(right.rank, 0);
  EXPECT_NEAR(right.loss, -std::log(0.75), 1e-7);
  EXPECT_NEAR(right.brier, 2 * 0.0625, 1e-7);
  EXPECT_FLOAT_EQ(static_cast<float>(right.margin), logit);
  const SampleScore wrong = score_sample(logits, 0, 0);
  EXPECT_EQ(wrong.rank, 1);
  EXPECT_EQ(wrong.predicted, 1);
  EXPECT_NEAR(wrong.loss, -std::log(0.25), 1e-7);
  EXPECT_NEAR(wrong.confidence, 0.75, 1e-7);
}

TEST(Scores, LargeLogitsDoNotOverflow) {
  const SampleScore score = score_sample(std::vector<float>{3e38F, -3e38F}, 1, 0);
  EXPECT_TRUE(std::isfinite(score.loss));
  EXPECT_EQ(score.confidence, 1);
}

TEST(Scores, OneClassIsAlwaysRight) {
  const SampleScore score = score_sample(std::vector<float>{-7}, 0, 0);
  EXPECT_EQ(score.rank, 0);
  EXPECT_EQ(score.loss, 0);
  EXPECT_EQ(score.margin, 0);
}

TEST(Scores, NotFiniteNamesTheSample) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  try {
    score_sample(std::vector<float>{0, nan}, 0, 4711);
    FAIL();
  } catch (const DivergedError& error) {
    EXPECT_NE(std::string(error.what()).find("sample 4711"), std::string::npos);
  }
  EXPECT_EQ(rank_of_true_class(std::vector<float>{nan, 1, 2}, 2), 1);
}

TEST(Scores, WilsonInterval) {
  const Interval half = wilson_interval(5, 10);  // 0.2366 to 0.7634 in the textbooks
  EXPECT_NEAR(half.low, 0.236593, 1e-6);
  EXPECT_NEAR(half.high, 0.763407, 1e-6);
  EXPECT_EQ(wilson_interval(0, 10).low, 0);
  EXPECT_NEAR(wilson_interval(0, 10).high, 0.277533, 1e-6);
  EXPECT_EQ(wilson_interval(10, 10).high, 1);
}

TEST(Scores, CalibrationError) {
  std::vector<SampleScore> scores(4);
  for (SampleScore& score : scores) score.confidence = 0.9;
  scores[3].rank = 2;  // three of four right at 0.9
  EXPECT_NEAR(calibration_error(scores), std::abs(0.75 - 0.9), 1e-12);
  scores[3].confidence = 0.2;  // now bins of their own: 0.1 over three, 0.2 over one
  EXPECT_NEAR(calibration_error(scores), (3 * 0.1 + 0.2) / 4, 1e-12);
  EXPECT_EQ(calibration_error({}), 0);
}

TEST(Scores, ConfusionsMostFrequentFirst) {
  const auto wrong = [](std::int64_t label, std::int64_t predicted) {
    SampleScore score;
    score.label = label;
    score.predicted = predicted;
    score.rank = label == predicted ? 0 : 1;
    return score;
  };
  const std::vector<SampleScore> scores = {wrong(2, 1), wrong(0, 1), wrong(2, 1), wrong(1, 1),
                                           wrong(0, 2)};
  const auto pairs = confusions(scores, 2);
  ASSERT_EQ(pairs.size(), 2u);
  EXPECT_EQ(pairs[0].label, 2);
  EXPECT_EQ(pairs[0].predicted, 1);
  EXPECT_EQ(pairs[0].count, 2);
  EXPECT_EQ(pairs[1].label, 0);
  EXPECT_EQ(pairs[1].predicted, 1);
}

}  // namespace
}  // namespace intr

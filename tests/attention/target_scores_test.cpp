// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/target_scores.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <limits>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(TargetScores, ProbabilityAndMargin) {
  const TargetScores scores(torch::tensor({{1.0F, 3.0F, 2.0F}, {5.0F, 5.0F, 1.0F}}), 2);
  EXPECT_EQ(scores.size(), 2);
  EXPECT_NEAR(scores.score(0).probability,
              std::exp(2.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)), 1e-15);
  EXPECT_EQ(scores.margin(0), -1);
  EXPECT_EQ(scores.best_class(0), 1);
  EXPECT_EQ(scores.margin(1), -4);
  EXPECT_EQ(scores.best_class(1), 0);  // the first of equal ones
  const TargetScores best(torch::tensor({{1.0F, 3.0F, 2.0F}}), 1);
  EXPECT_EQ(best.margin(0), 1);
}

TEST(TargetScores, LargeLogitsDoNotOverflow) {
  const TargetScores scores(torch::tensor({{1e30F, -1e30F}}), 0);
  EXPECT_EQ(scores.score(0).probability, 1);
}

TEST(TargetScores, OneClassHasNoMargin) {
  const TargetScores scores(torch::tensor({{4.0F}}), 0);
  EXPECT_EQ(scores.score(0).probability, 1);
  EXPECT_TRUE(std::isnan(scores.margin(0)));
}

TEST(TargetScores, RefusesWhatIsNoScore) {
  EXPECT_THROW(TargetScores(torch::tensor({{1.0F, std::numeric_limits<float>::quiet_NaN()}}), 0),
               DataError);
  EXPECT_THROW(TargetScores(torch::tensor({{1.0F, 2.0F}}), 2), InternalError);
  EXPECT_THROW(TargetScores(torch::tensor({{1.0F, 2.0F}}), -1), InternalError);
}

}  // namespace
}  // namespace intr

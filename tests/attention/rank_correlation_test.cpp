// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/rank_correlation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace intr {
namespace {

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  return rank_correlation(a, b);
}

TEST(RankCorrelation, OrderAloneCounts) {
  EXPECT_DOUBLE_EQ(correlation({1, 2, 3, 4}, {1, 10, 100, 1000}), 1);
  EXPECT_DOUBLE_EQ(correlation({1, 2, 3, 4}, {9, 7, 5, -50}), -1);
  EXPECT_DOUBLE_EQ(correlation({1, 2, 3}, {1, 3, 2}), 0.5);
}

TEST(RankCorrelation, EqualValuesShareTheirRanks) {
  // scipy.stats.spearmanr([1, 2, 2, 3], [1, 2, 3, 4]) and ([1, 1, 2, 2], [1, 2, 1, 2])
  EXPECT_NEAR(correlation({1, 2, 2, 3}, {1, 2, 3, 4}), 0.9486832980505138, 1e-15);
  EXPECT_DOUBLE_EQ(correlation({1, 1, 2, 2}, {1, 2, 1, 2}), 0);
}

TEST(RankCorrelation, PairsThatAreNotFiniteAreLeftOut) {
  EXPECT_DOUBLE_EQ(correlation({1, NAN, 2, 3, 9}, {1, -5, 2, 3, INFINITY}), 1);
}

TEST(RankCorrelation, IsMissingWithoutAnOrder) {
  EXPECT_TRUE(std::isnan(correlation({}, {})));
  EXPECT_TRUE(std::isnan(correlation({1}, {2})));
  EXPECT_TRUE(std::isnan(correlation({1, 1, 1}, {1, 2, 3})));
}

}  // namespace
}  // namespace intr

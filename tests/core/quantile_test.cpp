// SPDX-License-Identifier: Apache-2.0
#include "intr/core/quantile.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(Quantile, LiesBetweenNeighborsInProportion) {
  const std::vector<double> values = {40, 10, 30, 20, 50};
  EXPECT_EQ(quantile(values, 0), 10);
  EXPECT_EQ(quantile(values, 0.25), 20);
  EXPECT_EQ(quantile(values, 0.5), 30);
  EXPECT_DOUBLE_EQ(quantile(values, 0.9), 46);
  EXPECT_EQ(quantile(values, 1), 50);
  EXPECT_EQ(quantile({7}, 0.9), 7);
  EXPECT_EQ(quantile({}, 0.5), 0);
}

TEST(Quantile, MedianOfAnEvenCountIsTheMeanOfTheMiddleTwo) {
  EXPECT_EQ(median({9, 1, 2}), 2);
  EXPECT_EQ(median({9, 1, 2, 4}), 3);
  EXPECT_EQ(median({}), 0);
}

TEST(Quantile, TheLowerOneIsAlwaysAValue) {
  const std::vector<double> values = {40, 10, 30, 20, 50};
  EXPECT_EQ(lower_quantile(values, 0), 10);
  EXPECT_EQ(lower_quantile(values, 0.5), 30);
  EXPECT_EQ(lower_quantile(values, 0.74), 30);
  EXPECT_EQ(lower_quantile(values, 0.9), 40);
  EXPECT_EQ(lower_quantile(values, 1), 50);
  EXPECT_EQ(lower_quantile({1, 1000}, 0.99), 1) << "an outlier among few";
  EXPECT_EQ(lower_quantile({}, 0.5), 0);
}

}  // namespace
}  // namespace intr

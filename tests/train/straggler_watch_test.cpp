// SPDX-License-Identifier: Apache-2.0
#include "intr/train/straggler_watch.h"

#include <gtest/gtest.h>

#include <array>

namespace intr {
namespace {

TEST(StragglerWatch, TellsAfterThreeTimesInARow) {
  StragglerWatch watch;
  const std::array<double, 3> slow = {1, 1, 1.3};
  EXPECT_TRUE(watch.add(slow).empty());
  EXPECT_TRUE(watch.add(slow).empty());
  const auto found = watch.add(slow);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rank, 2u);
  EXPECT_DOUBLE_EQ(found[0].ratio, 1.3);
  EXPECT_TRUE(watch.add(slow).empty()) << "once";
}

TEST(StragglerWatch, OneGoodTimeStartsAnew) {
  StragglerWatch watch;
  const std::array<double, 3> slow = {1.3, 1, 1};
  const std::array<double, 3> even = {1.2, 1, 1};
  for (const auto& times : {slow, slow, even, slow, slow}) EXPECT_TRUE(watch.add(times).empty());
  EXPECT_EQ(watch.add(slow).size(), 1u);
}

TEST(StragglerWatch, OfTwoTheMedianLiesBetween) {
  StragglerWatch watch;
  const std::array<double, 2> slow = {1, 1.6};  // 1.23 times 1.3
  watch.add(slow);
  watch.add(slow);
  EXPECT_EQ(watch.add(slow).size(), 1u);
}

TEST(StragglerWatch, NothingToCompare) {
  StragglerWatch watch;
  const std::array<double, 1> alone = {9};
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(watch.add(alone).empty());
    EXPECT_TRUE(watch.add({}).empty());
  }
}

}  // namespace
}  // namespace intr

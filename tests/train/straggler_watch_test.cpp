// SPDX-License-Identifier: Apache-2.0
#include "intr/train/straggler_watch.h"

#include <gtest/gtest.h>

#include <array>

namespace intr {
namespace {

constexpr std::array<double, 3> kEven = {4, 4, 4};

TEST(StragglerWatch, MoreOrFewerImagesAreNoFault) {
  // Two images on every second rank, one on the others; each step costs something by itself.
  StragglerWatch watch;
  const std::array<double, 4> images = {200, 200, 100, 100}, healthy = {2.2, 2.2, 1.2, 1.2};
  const std::array<double, 4> slow = {2.2, 3.4, 1.2, 1.2};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(watch.add(healthy, images).empty());
  watch.add(slow, images);
  watch.add(slow, images);
  const auto found = watch.add(slow, images);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rank, 1u);
}

TEST(StragglerWatch, TellsAfterThreeTimesInARow) {
  StragglerWatch watch;
  const std::array<double, 3> slow = {1, 1, 1.3};
  EXPECT_TRUE(watch.add(slow, kEven).empty());
  EXPECT_TRUE(watch.add(slow, kEven).empty());
  const auto found = watch.add(slow, kEven);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].rank, 2u);
  EXPECT_DOUBLE_EQ(found[0].ratio, 1.3);
  EXPECT_TRUE(watch.add(slow, kEven).empty()) << "once";
}

TEST(StragglerWatch, OneGoodTimeStartsAnew) {
  StragglerWatch watch;
  const std::array<double, 3> slow = {1.3, 1, 1};
  const std::array<double, 3> even = {1.2, 1, 1};
  for (const auto& times : {slow, slow, even, slow, slow})
    EXPECT_TRUE(watch.add(times, kEven).empty());
  EXPECT_EQ(watch.add(slow, kEven).size(), 1u);
}

TEST(StragglerWatch, OfTwoTheMedianLiesBetween) {
  StragglerWatch watch;
  const std::array<double, 2> slow = {1, 1.6};  // 1.23 times 1.3
  watch.add(slow, kEven);
  watch.add(slow, kEven);
  EXPECT_EQ(watch.add(slow, kEven).size(), 1u);
}

TEST(StragglerWatch, NothingToCompare) {
  StragglerWatch watch;
  const std::array<double, 1> alone = {9};
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(watch.add(alone, alone).empty());
    EXPECT_TRUE(watch.add({}, {}).empty());
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/part_consistency.h"

#include <gtest/gtest.h>

#include <cmath>

namespace intr {
namespace {

const PictureBox kBox{0, 0, 60, 80};  // reach: a tenth of 100 pixels

/// Two parts at (10, 10) and (50, 50), two heads with these peaks.
PartHits hits(PicturePoint first, PicturePoint second, bool show_second = true) {
  return part_hits(std::vector<PicturePoint>{first, second},
                   std::vector<PartPoint>{{{10, 10}, true}, {{50, 50}, show_second}}, kBox);
}

TEST(PartHits, WithinATenthOfTheDiagonal) {
  const PartHits own = hits({10, 20}, {50, 60.1});
  EXPECT_EQ(own.visible, (std::vector<std::uint8_t>{1, 1}));
  EXPECT_EQ(own.hit, (std::vector<std::uint8_t>{1, 0, 0, 0}));
  EXPECT_EQ(hits({10, 10}, {50, 50}, false).hit, (std::vector<std::uint8_t>{1, 0, 0, 0}));
}

TEST(PartConsistency, FourOfFiveAreEnough) {
  PartConsistency consistency(2, 2);
  for (int i = 0; i < 5; ++i)  // head 0: always part 0; head 1: part 1 in 4 of 5
    consistency.add(3, hits({10, 10}, i < 4 ? PicturePoint{50, 50} : PicturePoint{0, 60}));
  EXPECT_EQ(consistency.heads_of(3), (std::vector<double>{1, 1}));
  consistency.add(3, hits({10, 10}, {0, 60}));  // 4 of 6
  EXPECT_EQ(consistency.heads_of(3), (std::vector<double>{1, 0}));
}

TEST(PartConsistency, HitsOfSeveralPartsDoNotAddUp) {
  PartConsistency consistency(2, 2);
  for (int i = 0; i < 6; ++i)
    consistency.add(0, hits(i % 2 == 0 ? PicturePoint{10, 10} : PicturePoint{50, 50}, {30, 30}));
  EXPECT_EQ(consistency.heads_of(0), (std::vector<double>{0, 0}));
}

TEST(PartConsistency, PartsThatAreSeldomVisibleDoNotCount) {
  PartConsistency consistency(2, 2);
  for (int i = 0; i < 5; ++i) consistency.add(0, hits({30, 30}, {50, 50}, i > 0));
  EXPECT_EQ(consistency.heads_of(0), (std::vector<double>{0, 0}));  // part 1 in 4 samples only
  PartConsistency few(2, 2);
  for (int i = 0; i < 4; ++i) few.add(0, hits({10, 10}, {50, 50}));
  EXPECT_TRUE(std::isnan(few.heads_of(0)[0]));
  EXPECT_TRUE(std::isnan(few.heads_of(1)[1]));  // a class without samples
}

TEST(PartConsistency, SamplesWithoutLabelOrBoxTellNothing) {
  PartConsistency consistency(2, 2);
  for (int i = 0; i < 5; ++i) {
    consistency.add(-1, hits({10, 10}, {50, 50}));
    consistency.add(0, {});
  }
  EXPECT_TRUE(std::isnan(consistency.heads_of(0)[0]));
}

TEST(PartFocus, OneOfOnePartZeroOfAllAlike) {
  EXPECT_EQ(part_focus(std::vector<double>{1, 0, 0}), 1);
  EXPECT_NEAR(part_focus(std::vector<double>(4, 0.25)), 0, 1e-12);
  EXPECT_NEAR(part_focus(std::vector<double>{0.5, 0.5, 0, 0}), 0.5, 1e-12);
  EXPECT_TRUE(std::isnan(part_focus(std::vector<double>{1})));
  EXPECT_TRUE(std::isnan(part_focus(std::vector<double>{std::nan(""), std::nan("")})));
}

}  // namespace
}  // namespace intr

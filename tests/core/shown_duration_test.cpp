// SPDX-License-Identifier: Apache-2.0
#include "intr/core/shown_duration.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(ShownDuration, TwoUnitsAreEnough) {
  EXPECT_EQ(shown_duration(0), "0.0 s");
  EXPECT_EQ(shown_duration(8.44), "8.4 s");
  EXPECT_EQ(shown_duration(9.96), "10 s");
  EXPECT_EQ(shown_duration(59.7), "1 min 0 s");
  EXPECT_EQ(shown_duration(754), "12 min 34 s");
  EXPECT_EQ(shown_duration(11'111), "3 h 5 min");
  EXPECT_EQ(shown_duration(187'200), "2 d 4 h");
}

}  // namespace
}  // namespace intr

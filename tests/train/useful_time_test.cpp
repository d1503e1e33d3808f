// SPDX-License-Identifier: Apache-2.0
#include "intr/train/useful_time.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(UsefulTime, IsAShareOfTheTimeSinceTheFirstStart) {
  const UsefulTime time{.step_s = 7200, .wall_s = 9000};
  EXPECT_DOUBLE_EQ(time.ratio(), 0.8);
  EXPECT_EQ(time.to_json(),
            (nlohmann::ordered_json{{"ettr", 0.8}, {"step_s", 7200.0}, {"wall_s", 9000.0}}));
  EXPECT_EQ(time.shown(), "80.0 % of the time since the first start (2 h 30 min) went into steps");
  EXPECT_EQ(UsefulTime{}.ratio(), 0);
}

}  // namespace
}  // namespace intr

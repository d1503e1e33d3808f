// SPDX-License-Identifier: Apache-2.0
#include "intr/train/phase_clock.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

StepTimes a_second() {
  StepTimes times;
  times.data = 0.1;
  times.forward = 0.3;
  times.backward = 0.4;
  times.exposed = 0.15;
  times.optimizer = 0.05;
  return times;
}

TEST(PhaseClockTest, EverySecondBelongsToAPhase) {
  PhaseClock clock;
  EXPECT_TRUE(clock.seconds(5).empty());
  EXPECT_EQ(clock.shown(5), "");
  clock.saved(9);  // before the first step
  const BetweenSteps first = clock.step(a_second(), 100);
  EXPECT_EQ(first.checkpoint, 0);
  EXPECT_EQ(first.other, 0);
  clock.saved(0.2);
  clock.evaluated(2);
  const BetweenSteps second = clock.step(a_second(), 103.5);  // from 100: 0.2 + 2 + 0.3 + 1
  EXPECT_NEAR(second.checkpoint, 0.2, 1e-9);
  EXPECT_NEAR(second.other, 0.3, 1e-9);
  clock.saved(0.5);
  const auto seconds = clock.seconds(104.25);
  double sum = 0;
  for (const auto& [name, value] : seconds.items()) sum += value.get<double>();
  EXPECT_NEAR(sum, 104.25 - 99, 1e-9);
  EXPECT_NEAR(seconds.at("data").get<double>(), 0.2, 1e-9);
  EXPECT_NEAR(seconds.at("checkpoint").get<double>(), 0.7, 1e-9);
  EXPECT_NEAR(seconds.at("evaluation").get<double>(), 2, 1e-9);
  EXPECT_NEAR(seconds.at("other").get<double>(), 0.55, 1e-9);
}

TEST(PhaseClockTest, SharesAreShownInPerCent) {
  PhaseClock clock;
  clock.step(a_second(), 10);
  EXPECT_EQ(clock.shown(10),
            "data 10.0 %, forward 30.0 %, backward 40.0 %, exposed 15.0 %, optimizer 5.0 %, "
            "checkpoint 0.0 %, evaluation 0.0 %, other 0.0 %");
}

}  // namespace
}  // namespace intr

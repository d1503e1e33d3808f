// SPDX-License-Identifier: Apache-2.0
#include "intr/train/step_clock.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "intr/core/stopwatch.h"

namespace intr {
namespace {

void pass(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

TEST(StepClock, PhasesFollowEachOtherAndAddUp) {
  StepClock clock(at::kCPU);
  Stopwatch watch;
  clock.begin(1);
  pass(5);
  const double host = clock.end("data", &StepTimes::data);
  pass(10);
  clock.end("forward", &StepTimes::forward);
  pass(5);
  clock.end("forward", &StepTimes::forward);
  clock.end("exposed", &StepTimes::exposed);
  clock.end_step(4);
  const double whole = watch.lap();
  const StepTimes times = clock.take();
  EXPECT_GE(times.data, 0.005);
  EXPECT_NEAR(times.data, host, 0.002);
  EXPECT_GE(times.forward, 0.015) << "two parts of one phase";
  EXPECT_EQ(times.backward, 0);
  EXPECT_LE(times.total(), whole);
  EXPECT_GE(times.total(), 0.02);
}

TEST(StepClock, WhatLiesBetweenStepsBelongsToNone) {
  StepClock clock(at::kCPU);
  clock.begin(1);
  clock.end("forward", &StepTimes::forward);
  static_cast<void>(clock.take());
  pass(30);
  clock.begin(2);
  clock.end("forward", &StepTimes::forward);
  EXPECT_LT(clock.take().total(), 0.02);
  EXPECT_EQ(clock.take().total(), 0) << "each is taken once";
}

}  // namespace
}  // namespace intr

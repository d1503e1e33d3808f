// SPDX-License-Identifier: Apache-2.0
#include "intr/train/step_clock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <thread>
#include <utility>

#include "intr/core/stopwatch.h"

namespace intr {
namespace {

void pass(int milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// Seconds of a phase as its end says them and as they are taken.
std::pair<double, double> one_phase() {
  StepClock clock(at::kCPU);
  clock.begin(1);
  pass(5);
  const double host = clock.end("data", &StepTimes::data);
  return {host, clock.take().data};
}

TEST(StepClock, ThePhaseThatEndsIsSaid) {
  double least = 1;  // between two looks at the clock a busy machine may do something else
  for (int turn = 0; turn < 20; ++turn) {
    const auto [host, taken] = one_phase();
    EXPECT_GE(host, 0.005);
    least = std::min(least, std::abs(host - taken));
  }
  EXPECT_LT(least, 0.001);
}

TEST(StepClock, PhasesFollowEachOtherAndAddUp) {
  StepClock clock(at::kCPU);
  Stopwatch watch;
  clock.begin(1);
  pass(5);
  clock.end("data", &StepTimes::data);
  pass(10);
  clock.end("forward", &StepTimes::forward);
  pass(5);
  clock.end("forward", &StepTimes::forward);
  clock.end("exposed", &StepTimes::exposed);
  clock.end_step(4);
  const double whole = watch.lap();
  const StepTimes times = clock.take();
  EXPECT_GE(times.data, 0.005);
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
  pass(300);
  clock.begin(2);
  clock.end("forward", &StepTimes::forward);
  EXPECT_LT(clock.take().total(), 0.2);
  EXPECT_EQ(clock.take().total(), 0) << "each is taken once";
}

}  // namespace
}  // namespace intr

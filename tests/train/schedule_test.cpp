// SPDX-License-Identifier: Apache-2.0
#include "intr/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Schedule, StepDropsByTenAtEachDrop) {
  const ScheduleOptions options;  // 5e-5, 1e-5, drop 80
  for (const std::int64_t epoch : {0, 79}) {
    EXPECT_DOUBLE_EQ(learning_rates(options, epoch, 0)[0], 5e-5);
    EXPECT_DOUBLE_EQ(learning_rates(options, epoch, 0)[1], 1e-5);
  }
  for (const std::int64_t epoch : {80, 139, 159}) {
    EXPECT_DOUBLE_EQ(learning_rates(options, epoch, 0)[0], 5e-6);
    EXPECT_DOUBLE_EQ(learning_rates(options, epoch, 0)[1], 1e-6);
  }
  EXPECT_DOUBLE_EQ(learning_rates(options, 160, 0)[0], 5e-7);
}

TEST(Schedule, CosineFallsFromBaseToMinimum) {
  ScheduleOptions options;
  options.lr_scheduler = "cosine";
  const auto formula = [](double base, double epoch) {
    return 1e-6 + (base - 1e-6) * (1 + std::cos(std::acos(-1.0) * epoch / 140)) / 2;
  };
  EXPECT_DOUBLE_EQ(learning_rates(options, 0, 0)[0], 5e-5);
  EXPECT_DOUBLE_EQ(learning_rates(options, 70, 0)[0], (5e-5 + 1e-6) / 2);  // half-way
  for (const std::int64_t epoch : {79, 80, 139, 160}) {
    EXPECT_DOUBLE_EQ(learning_rates(options, epoch, 0)[0],
                     formula(5e-5, static_cast<double>(epoch)));
    EXPECT_DOUBLE_EQ(learning_rates(options, epoch, 0)[1],
                     formula(1e-5, static_cast<double>(epoch)));
  }
  EXPECT_DOUBLE_EQ(learning_rates(options, 140, 0)[0], 1e-6);
  options.lr_backbone = 0;  // a frozen backbone is not lifted to the minimum
  EXPECT_EQ(learning_rates(options, 139, 0)[1], 0);
}

TEST(Schedule, WarmsUpOverTheWholeRunsSteps) {
  ScheduleOptions options;
  options.warmup_steps = 4;
  EXPECT_DOUBLE_EQ(learning_rates(options, 0, 0)[0], 5e-5 / 4);
  EXPECT_DOUBLE_EQ(learning_rates(options, 0, 2)[1], 1e-5 * 3 / 4);
  EXPECT_DOUBLE_EQ(learning_rates(options, 0, 3)[0], 5e-5);
  EXPECT_DOUBLE_EQ(learning_rates(options, 0, 4)[0], 5e-5);
  EXPECT_DOUBLE_EQ(learning_rates(options, 80, 1)[0], 5e-6 * 2 / 4);  // across a drop
}

TEST(Schedule, RefusesAnUnknownName) {
  ScheduleOptions options;
  options.lr_scheduler = "linear";
  EXPECT_THROW(learning_rates(options, 0, 0), InternalError);
}

}  // namespace
}  // namespace intr

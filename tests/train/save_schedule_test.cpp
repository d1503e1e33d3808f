// SPDX-License-Identifier: Apache-2.0
#include "intr/train/save_schedule.h"

#include <gtest/gtest.h>

#include <cmath>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(SaveInterval, ReadsEveryUnit) {
  EXPECT_TRUE(SaveInterval::parse("auto").automatic);
  EXPECT_EQ(SaveInterval::parse("600s").seconds, 600);
  EXPECT_EQ(SaveInterval::parse("10m").seconds, 600);
  EXPECT_EQ(SaveInterval::parse("500steps").steps, 500);
  EXPECT_EQ(SaveInterval::parse("1epoch").epochs, 1);
  EXPECT_EQ(SaveInterval::parse("2epochs").steps, 0);
  for (const char* wrong : {"", "10", "0steps", "-1s", "5h", "auto1", "99999999999999999999s"})
    EXPECT_THROW(static_cast<void>(SaveInterval::parse(wrong)), UsageError) << wrong;
}

TEST(SaveSchedule, StepsAndEnds) {
  const SaveSchedule by_steps(SaveInterval::parse("5steps"), 1, 0);
  EXPECT_FALSE(by_steps.due(4, 0, false, 1e9));
  EXPECT_TRUE(by_steps.due(5, 0, false, 0));
  EXPECT_TRUE(by_steps.due(7, 1, true, 0)) << "an epoch's end is always due";
  const SaveSchedule by_epochs(SaveInterval::parse("2epochs"), 1, 0);
  EXPECT_FALSE(by_epochs.due(7, 1, true, 1e9));
  EXPECT_TRUE(by_epochs.due(14, 2, true, 0));
  EXPECT_FALSE(by_epochs.due(15, 2, false, 0));
}

TEST(SaveSchedule, TimeCountsFromTheLastSave) {
  SaveSchedule schedule(SaveInterval::parse("10m"), 1, 100);
  EXPECT_FALSE(schedule.due(1, 0, false, 699));
  EXPECT_TRUE(schedule.due(1, 0, false, 700));
  schedule.saved(0.05, 700);
  EXPECT_FALSE(schedule.due(2, 0, false, 1299));
  EXPECT_TRUE(schedule.due(2, 0, false, 1300));
}

TEST(SaveSchedule, TheAutomaticIntervalWeighsCostAgainstFailures) {
  EXPECT_EQ(least_loss_interval(0, 1), 60) << "nothing measured yet: soon";
  EXPECT_EQ(least_loss_interval(0.05, 1), 1800) << "one rank fails hardly ever";
  EXPECT_NEAR(least_loss_interval(0.05, 1024), std::sqrt(2 * 0.05 * 49 * 3600), 1e-9);
  EXPECT_EQ(least_loss_interval(0.001, 8192), 60);
  SaveSchedule schedule(SaveInterval::parse("auto"), 1024, 0);
  EXPECT_EQ(schedule.seconds(), 60);
  schedule.saved(0.05, 60);
  schedule.saved(0.01, 120);  // a cheap one does not hide what one may cost
  EXPECT_NEAR(schedule.seconds(), 132.8, 0.1);
}

TEST(SaveSchedule, MajorEpochs) {
  EXPECT_TRUE(is_major_epoch(80, 0, 80));
  EXPECT_FALSE(is_major_epoch(79, 0, 80));
  EXPECT_FALSE(is_major_epoch(80, 0, 0));
  EXPECT_TRUE(is_major_epoch(20, 10, 80));
  EXPECT_FALSE(is_major_epoch(0, 10, 80));
}

}  // namespace
}  // namespace intr

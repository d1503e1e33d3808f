// SPDX-License-Identifier: Apache-2.0
#include "intr/train/loader_watch.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

/// A step of one second, of which so much was waiting.
StepReport step_that_waits(double seconds) {
  StepReport report;
  report.times.data = seconds;
  report.times.forward = 1 - seconds;
  report.loader.sums.wait_s = seconds;
  report.loader.sums.read_s = 0.2;
  report.loader.sums.decode_s = 0.5;
  report.loader.sums.resize_s = 0.3;
  return report;
}

std::string hundred_steps(LoaderWatch& watch, const StepReport& report) {
  for (int i = 0; i + 1 < LoaderWatch::kSteps; ++i) EXPECT_EQ(watch.add(report), "");
  return watch.add(report);
}

TEST(LoaderWatch, SaysWhichStageIsSlowestWhenStepsWait) {
  LoaderWatch watch;
  const std::string text = hundred_steps(watch, step_that_waits(0.1));
  EXPECT_NE(text.find("during 10 % of their time; decoding took longest (50.0 of 100.0 s"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("--loader-threads"), std::string::npos) << text;
}

TEST(LoaderWatch, ASlowDiskIsAnsweredByStaging) {
  LoaderWatch watch;
  StepReport report = step_that_waits(0.1);
  report.loader.sums.read_s = 3;
  EXPECT_NE(hundred_steps(watch, report).find("--stage"), std::string::npos);
}

TEST(LoaderWatch, IsSilentUpToFivePerCentAndStartsAnewEveryHundredSteps) {
  LoaderWatch watch;
  EXPECT_EQ(hundred_steps(watch, step_that_waits(0.04)), "");
  EXPECT_NE(hundred_steps(watch, step_that_waits(0.06)), "");
  EXPECT_EQ(hundred_steps(watch, step_that_waits(0.04)), "");
}

}  // namespace
}  // namespace intr

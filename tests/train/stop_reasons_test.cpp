// SPDX-License-Identifier: Apache-2.0
#include "intr/train/stop_reasons.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <string>

#include "intr/core/error.h"
#include "intr/io/atomic_file.h"
#include "intr/train/stop_source.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

class StopReasonsTest : public testing::Test {
 protected:
  ~StopReasonsTest() override { ::unsetenv("INTR_DEADLINE"); }
  void set_deadline(std::int64_t seconds_from_now) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const auto unix_s = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    ::setenv("INTR_DEADLINE", std::to_string(unix_s + seconds_from_now).c_str(), 1);
  }
  test::TempDir run_;
};

TEST_F(StopReasonsTest, ASignalIsAReasonOnEveryRank) {
  bool asked = false;
  StopReasons reasons({.requested = [&] { return asked; }, .name = [] { return "SIGUSR2"; }}, "");
  EXPECT_FALSE(reasons.requested());
  asked = true;
  EXPECT_TRUE(reasons.requested());
  EXPECT_STREQ(reasons.name(), "SIGUSR2");
}

TEST_F(StopReasonsTest, HaltIsAFileOfTheRun) {
  write_file(run_ / "HALT", "");
  StopReasons reasons({}, run_.path());
  EXPECT_TRUE(reasons.requested());
  EXPECT_STREQ(reasons.name(), "HALT");
  StopReasons elsewhere({}, "");
  EXPECT_FALSE(elsewhere.requested()) << "other ranks open no file";
}

TEST_F(StopReasonsTest, TheDeadlineLeavesRoomForASave) {
  set_deadline(3600);
  StopReasons reasons({}, run_.path());
  EXPECT_FALSE(reasons.requested());
  reasons.saw_save(10);
  EXPECT_FALSE(reasons.requested());
  reasons.saw_save(3600);  // longer than what is left
  reasons.saw_save(1);     // the longest counts
  EXPECT_TRUE(reasons.requested());
  EXPECT_STREQ(reasons.name(), "deadline");
}

TEST_F(StopReasonsTest, BeforeASaveWasMeasuredNinetySecondsAreLeft) {
  set_deadline(80);
  EXPECT_TRUE(StopReasons({}, run_.path()).requested());
  EXPECT_FALSE(StopReasons({}, "").requested()) << "one rank decides for all";
}

TEST_F(StopReasonsTest, WhatIsNoTimeIsRefused) {
  for (const char* text : {"tomorrow", "12x", "-5", "0"}) {
    ::setenv("INTR_DEADLINE", text, 1);
    EXPECT_THROW(StopReasons({}, run_.path()), EnvironmentError) << text;
  }
}

}  // namespace
}  // namespace intr

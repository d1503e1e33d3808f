// SPDX-License-Identifier: Apache-2.0
#include "intr/core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "intr/core/log.h"

namespace intr {
namespace {

TEST(Progress, PlainClosingLineWithoutATerminal) {
  testing::internal::CaptureStderr();
  {
    Progress progress("pack", 3, "images");
    progress.advance();
    progress.advance(2);
    progress.finish();
    progress.finish();  // once is enough
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::StartsWith("pack: 3/3 images, "));
  EXPECT_THAT(text, testing::EndsWith(" s\n"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("\x1b")));
}

TEST(Progress, NothingWhenQuietOrDisabled) {
  testing::internal::CaptureStderr();
  {
    Progress disabled("pack", 1, "images", false);
    disabled.advance();
    disabled.finish();
  }
  log::set_quiet(true);
  {
    Progress quiet("pack", 1, "images");
    quiet.advance();
    quiet.finish();
  }
  log::set_quiet(false);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Progress, NothingToDoIsFine) {
  testing::internal::CaptureStderr();
  Progress progress("pack", 0, "images");
  progress.finish();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::StartsWith("pack: 0/0 images"));
}

}  // namespace
}  // namespace intr

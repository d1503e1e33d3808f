// SPDX-License-Identifier: Apache-2.0
#include "intr/core/cause.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(Cause, OfEveryExitCodeIsTheWordThatJobScriptsRead) {
  EXPECT_EQ(word_of(cause_of(ExitCode::kDone)), "done");
  EXPECT_EQ(word_of(cause_of(ExitCode::kDifferent)), "done");
  EXPECT_EQ(word_of(cause_of(ExitCode::kUsage)), "config");
  EXPECT_EQ(word_of(cause_of(ExitCode::kBadData)), "data");
  EXPECT_EQ(word_of(cause_of(ExitCode::kBug)), "bug");
  EXPECT_EQ(word_of(cause_of(ExitCode::kStopped)), "stop-signal");
  EXPECT_EQ(word_of(cause_of(ExitCode::kPeerLost)), "peer-lost");
  EXPECT_EQ(word_of(cause_of(ExitCode::kDiverged)), "nan");
  EXPECT_EQ(word_of(cause_of(ExitCode::kEnvironment)), "config");
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace intr {
namespace {

TEST(Error, SaysWhereWhatAndNext) {
  EXPECT_STREQ(DataError("is cut", "a.h5", "copy it again").what(),
               "a.h5: is cut. Next: copy it again");
  EXPECT_STREQ(DataError("is cut", "a.h5").what(), "a.h5: is cut");
  EXPECT_STREQ(UsageError("must be given", {}, "add --out DIR").what(),
               "must be given. Next: add --out DIR");
  EXPECT_STREQ(PeerError("is gone").what(), "is gone");
}

TEST(Error, KnowsItsExitStatus) {
  EXPECT_EQ(UsageError("x").code(), ExitCode::kUsage);
  EXPECT_EQ(DataError("x").code(), ExitCode::kBadData);
  EXPECT_EQ(InternalError("x").code(), ExitCode::kBug);
  EXPECT_EQ(PeerError("x").code(), ExitCode::kPeerLost);
  EXPECT_EQ(DivergedError("x").code(), ExitCode::kDiverged);
  EXPECT_EQ(EnvironmentError("x").code(), ExitCode::kEnvironment);
  // Job scripts read these numbers.
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kBadData), 65);
  EXPECT_EQ(static_cast<int>(ExitCode::kBug), 70);
  EXPECT_EQ(static_cast<int>(ExitCode::kStopped), 75);
  EXPECT_EQ(static_cast<int>(ExitCode::kPeerLost), 76);
  EXPECT_EQ(static_cast<int>(ExitCode::kDiverged), 77);
  EXPECT_EQ(static_cast<int>(ExitCode::kEnvironment), 78);
}

TEST(Error, TranslatesErrno) {
  EXPECT_THROW(throw_system_error("open", "f", ENOENT), DataError);
  EXPECT_THROW(throw_system_error("open", "f", EACCES), EnvironmentError);
  try {
    throw_system_error("write", "out/f", ENOSPC);
  } catch (const EnvironmentError& error) {
    EXPECT_THAT(error.what(), testing::StartsWith("out/f: cannot write: No space left"));
    EXPECT_THAT(error.what(), testing::HasSubstr("Next: make room"));
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <stdexcept>

#include "intr/core/error.h"

namespace intr {
namespace {

using testing::HasSubstr;

struct Outcome {
  int status = 0;
  int reported = 0;  ///< what on_failure got; 0 if it was not called
  std::string text;
};

Outcome guarded(const std::function<ExitCode()>& body) {
  Outcome outcome;
  testing::internal::CaptureStderr();
  outcome.status = run_guarded("intr-test", body, [&](int status) { outcome.reported = status; });
  outcome.text = testing::internal::GetCapturedStderr();
  return outcome;
}

TEST(Guard, PassesTheStatusOn) {
  EXPECT_EQ(guarded([] { return ExitCode::kDone; }).status, 0);
  const Outcome stopped = guarded([] { return ExitCode::kStopped; });
  EXPECT_EQ(stopped.status, 75);  // a stop on request is no failure
  EXPECT_EQ(stopped.reported, 0);
  EXPECT_EQ(stopped.text, "");
}

TEST(Guard, TurnsErrorsIntoLinesAndStatus) {
  const Outcome outcome =
      guarded([]() -> ExitCode { throw DataError("is cut", "a.h5", "copy it again"); });
  EXPECT_EQ(outcome.status, 65);
  EXPECT_EQ(outcome.reported, 65);
  EXPECT_EQ(outcome.text, "error: intr-test: a.h5: is cut. Next: copy it again\n");
}

TEST(Guard, KnowsWhatToDoWithAnythingElse) {
  const Outcome memory = guarded([]() -> ExitCode { throw std::bad_alloc(); });
  EXPECT_EQ(memory.status, 78);
  EXPECT_THAT(memory.text, HasSubstr("out of memory"));
  const Outcome disk = guarded([]() -> ExitCode {
    std::filesystem::create_directory("/proc/none");
    return ExitCode::kDone;
  });
  EXPECT_EQ(disk.status, 78);
  EXPECT_THAT(disk.text, HasSubstr("/proc/none"));
  const Outcome bug = guarded([]() -> ExitCode { throw std::runtime_error("surprise"); });
  EXPECT_EQ(bug.status, 70);
  EXPECT_THAT(bug.text, HasSubstr("surprise"));
  const Outcome odd = guarded([]() -> ExitCode { throw 5; });
  EXPECT_EQ(odd.status, 70);
  EXPECT_EQ(odd.reported, 70);
  EXPECT_EQ(run_guarded("intr-test", [] { return ExitCode::kDone; }), 0);
}

}  // namespace
}  // namespace intr

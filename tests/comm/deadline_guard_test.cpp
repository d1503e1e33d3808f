// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/deadline_guard.h"

#include <gtest/gtest.h>

#include "support/child.h"

namespace intr {
namespace {

using namespace std::chrono_literals;

/// A test that needs it has failed.
constexpr auto kPatience = 60s;

TEST(DeadlineGuard, EndsAProcessWhoseCallDoesNotComeBack) {
  const auto result = test::in_child([] {
    const DeadlineGuard guard("a call", 200ms);
    std::this_thread::sleep_for(kPatience);
    return "still there";
  });
  EXPECT_EQ(result.exit_code, 76);
  EXPECT_EQ(result.text, "");
}

TEST(DeadlineGuard, LetsACallThatComesBackPass) {
  const auto result = test::in_child([] {
    for (int i = 0; i < 50; ++i) const DeadlineGuard guard("a call", kPatience);
    { const DeadlineGuard guard("a call", 200ms); }
    std::this_thread::sleep_for(500ms);
    return "still there";
  });
  EXPECT_EQ(result.text, "still there");
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/stopwatch.h"

#include <gtest/gtest.h>

#include <thread>

namespace intr {
namespace {

TEST(Stopwatch, LapsFollowEachOther) {
  Stopwatch all;
  Stopwatch watch;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const double first = watch.lap();
  const double second = watch.lap();
  EXPECT_GE(first, 0.02);
  EXPECT_GE(second, 0);
  EXPECT_LE(first + second, all.lap()) << "no time is counted twice";
}

}  // namespace
}  // namespace intr

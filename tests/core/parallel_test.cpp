// SPDX-License-Identifier: Apache-2.0
#include "intr/core/parallel.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

namespace intr {
namespace {

TEST(ParallelFor, CallsEachNumberOnce) {
  for (const std::int64_t threads : {0, 1, 3, 50}) {
    std::vector<std::atomic<int>> calls(20);
    parallel_for(20, threads, [&](std::int64_t i) { ++calls[static_cast<std::size_t>(i)]; });
    for (const auto& count : calls) EXPECT_EQ(count, 1);
  }
  parallel_for(0, 4, [](std::int64_t) { FAIL(); });
}

TEST(ParallelFor, RethrowsTheFirstFailure) {
  for (const std::int64_t threads : {1, 4}) {
    try {
      parallel_for(100, threads, [](std::int64_t i) {
        if (i >= 0) throw std::runtime_error(std::to_string(i));
      });
      FAIL() << "no exception";
    } catch (const std::runtime_error& error) {
      EXPECT_STREQ(error.what(), "0");
    }
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/checked_cast.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace intr {
namespace {

TEST(CheckedCast, KeepsWhatFits) {
  EXPECT_EQ(checked_cast<int>(std::int64_t{2147483647}), 2147483647);
  EXPECT_EQ(checked_cast<std::uint8_t>(255), 255);
  EXPECT_EQ(checked_cast<std::int64_t>(std::size_t{5}), 5);
  static_assert(checked_cast<std::uint64_t>(7) == 7U);
}

TEST(CheckedCast, NamesWhatDoesNot) {
  EXPECT_THROW(checked_cast<int>(std::int64_t{2147483648}), InternalError);
  EXPECT_THROW(checked_cast<std::size_t>(-1), InternalError);
  EXPECT_THROW(checked_cast<std::int64_t>(std::numeric_limits<std::uint64_t>::max()),
               InternalError);
  try {
    checked_cast<std::uint8_t>(256);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find("256"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr

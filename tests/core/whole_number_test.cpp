// SPDX-License-Identifier: Apache-2.0
#include "intr/core/whole_number.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(WholeNumber, DigitsAlone) {
  EXPECT_EQ(whole_number("0"), 0);
  EXPECT_EQ(whole_number("0017"), 17);
  EXPECT_EQ(whole_number("9223372036854775807"), 9223372036854775807);
  for (const char* text :
       {"", "-1", "-0", "+1", " 1", "1 ", "1.0", "1e3", "x", "0x10", "9223372036854775808"})
    EXPECT_EQ(whole_number(text), std::nullopt) << text;
}

}  // namespace
}  // namespace intr

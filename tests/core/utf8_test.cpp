// SPDX-License-Identifier: Apache-2.0
#include "intr/core/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace intr {
namespace {

TEST(Utf8, DecodesEachLength) {
  EXPECT_EQ(decode_utf8("A", 0).value, U'A');
  EXPECT_EQ(decode_utf8("xß", 1).value, U'ß');
  EXPECT_EQ(decode_utf8("€", 0).value, U'€');
  EXPECT_EQ(decode_utf8("😀", 0).value, U'😀');
  EXPECT_EQ(decode_utf8("😀", 0).length, 4U);
}

TEST(Utf8, RefusesWhatIsNone) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("naïve 日本語 😀"));
  EXPECT_TRUE(is_utf8(std::string("\0", 1)));
  EXPECT_FALSE(is_utf8("\xff"));
  EXPECT_FALSE(is_utf8("\x80")) << "a byte that only continues";
  EXPECT_FALSE(is_utf8("\xc0\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xe0\x80\xaf")) << "overlong";
  EXPECT_FALSE(is_utf8("\xed\xa0\x80")) << "a surrogate";
  EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80")) << "beyond the last code point";
  EXPECT_FALSE(is_utf8("\xe2\x82")) << "cut";
}

}  // namespace
}  // namespace intr

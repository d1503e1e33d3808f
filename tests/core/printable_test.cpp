// SPDX-License-Identifier: Apache-2.0
#include "intr/core/printable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Printable, KeepsTextAndEncodesTheRest) {
  EXPECT_EQ(printable("a b/ü.jpg"), "a b/ü.jpg");
  EXPECT_EQ(printable("50%\n"), "50%25%0A");
  EXPECT_EQ(printable("bad\xff"), "bad%FF");
  EXPECT_EQ(printable("\xc0\xaf"), "%C0%AF") << "overlong";
  EXPECT_EQ(printable("\xed\xa0\x80"), "%ED%A0%80") << "surrogate";
}

TEST(Printable, GoesBothWays) {
  for (const std::string& bytes :
       {std::string("a%b"), std::string("\x00\x01\xff", 3), std::string("日本/é"), std::string()})
    EXPECT_EQ(from_printable(printable(bytes)), bytes);
  EXPECT_THROW(from_printable("a%4"), DataError);
  EXPECT_THROW(from_printable("a%zz"), DataError);
}

TEST(CodePoints, SortAsPythonSortsFileNames) {
  // An invalid byte is U+DC00 + b, before U+FFE0, although its byte is the larger one.
  std::vector<std::string> names = {"é",   "b",       "bad\uffe0", "B",
                                    "001", "bad\xff", "10.jpg",    "2.jpg"};
  std::sort(names.begin(), names.end(), code_point_less);
  EXPECT_EQ(names, (std::vector<std::string>{"001", "10.jpg", "2.jpg", "B", "b", "bad\xff",
                                             "bad\uffe0", "é"}));
}

}  // namespace
}  // namespace intr

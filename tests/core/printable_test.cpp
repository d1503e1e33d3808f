// SPDX-License-Identifier: Apache-2.0
#include "intr/core/printable.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Printable, KeepsTextAndEncodesTheRest) {
  EXPECT_EQ(printable("Baird's Sparrow/é.jpg"), "Baird's Sparrow/é.jpg");
  EXPECT_EQ(printable("100%\n"), "100%25%0A");
  EXPECT_EQ(printable("a\xff"
                      "b"),
            "a%FFb");
  EXPECT_EQ(printable("\xc0\x80"), "%C0%80");         // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "%ED%A0%80");  // a surrogate
}

TEST(Printable, RoundTripsEveryByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(from_printable(printable(all)), all);
  EXPECT_THROW(from_printable("50%"), DataError);
  EXPECT_THROW(from_printable("50%zz"), DataError);
}

TEST(Printable, SortsByCodePoint) {
  EXPECT_TRUE(code_point_less("Z", "a"));
  EXPECT_TRUE(code_point_less("a", "é"));
  EXPECT_FALSE(code_point_less("b", "b"));
  EXPECT_EQ(code_points("\xff"), std::u32string(1, char32_t{0xDCFF}));
}

TEST(Printable, SortsNamesAsPythonDoes) {
  // An invalid byte is U+DC00 + b, before U+FFE0, although its byte is the larger one.
  std::vector<std::string> names = {"é",   "b",       "bad\uffe0", "B",
                                    "001", "bad\xff", "10.jpg",    "2.jpg"};
  std::sort(names.begin(), names.end(), code_point_less);
  EXPECT_EQ(names, (std::vector<std::string>{"001", "10.jpg", "2.jpg", "B", "b", "bad\xff",
                                             "bad\uffe0", "é"}));
}

TEST(Printable, NamesInMessagesAreQuotedAndCut) {
  EXPECT_EQ(quoted_name("a.weight"), "\"a.weight\"");
  EXPECT_EQ(quoted_name("a\nb\x80"), "\"a%0Ab%80\"");
  EXPECT_EQ(quoted_name("a\u202eb"), "\"a%E2%80%AEb\"") << "a mark that turns the text around";
  EXPECT_EQ(quoted_name(std::string(120, 'x')), "\"" + std::string(120, 'x') + "\"");
  EXPECT_EQ(quoted_name(std::string(121, 'x')), "\"" + std::string(120, 'x') + "…\"");
}

}  // namespace
}  // namespace intr

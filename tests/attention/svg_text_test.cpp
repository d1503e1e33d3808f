// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/svg_text.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"

namespace intr {
namespace {

TEST(SvgText, EscapesWhatMarkupTakesForItself) {
  EXPECT_EQ(markup_text("a<b> & \"c\" 'd'"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;");
  EXPECT_EQ(markup_text("Zürich 鳥"), "Zürich 鳥");
}

TEST(SvgText, ReplacesWhatXmlCannotHold) {
  EXPECT_EQ(markup_text(std::string("a\0b\x1b\x7f", 5)), "a\uFFFDb\uFFFD\uFFFD");
  EXPECT_EQ(markup_text("\xff\xc3(\xed\xa0\x80"),
            "\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD");  // cut and surrogate sequences
  EXPECT_EQ(markup_text("\xEF\xBF\xBF"), "\uFFFD");
  EXPECT_EQ(markup_text("a\tb\n"), "a\tb\n");
}

TEST(SvgText, WidthGrowsWithTextAndSize) {
  EXPECT_EQ(text_width("", 12), 0);
  EXPECT_GT(text_width("mm", 12), text_width("ii", 12));
  EXPECT_DOUBLE_EQ(text_width("abc", 24), 2 * text_width("abc", 12));
  EXPECT_DOUBLE_EQ(text_width("é", 10), text_width("ü", 10));
}

TEST(SvgText, CutsBetweenCharacters) {
  EXPECT_EQ(fitted_text("short", 12, 100), "short");
  const std::string cut = fitted_text("ééééééééééééééé", 12, 60);
  EXPECT_TRUE(cut.ends_with("…"));
  EXPECT_LE(text_width(cut, 12), 60);
  EXPECT_EQ(test::count_of(cut, "é") * 2 + 3, cut.size());
  EXPECT_EQ(fitted_text("anything", 12, 0), "…");
}

TEST(SvgText, WrapsAtBlanks) {
  EXPECT_TRUE(wrapped_text("", 12, 100).empty());
  EXPECT_TRUE(wrapped_text("   ", 12, 100).empty());
  EXPECT_EQ(wrapped_text("one two", 12, 100), std::vector<std::string>{"one two"});
  const std::vector<std::string> lines = wrapped_text("some words in more than one line", 12, 90);
  ASSERT_GT(lines.size(), 1u);
  std::string joined;
  for (const std::string& line : lines) {
    EXPECT_LE(text_width(line, 12), 90) << line;
    joined += (joined.empty() ? "" : " ") + line;
  }
  EXPECT_EQ(joined, "some words in more than one line");
  EXPECT_EQ(wrapped_text("Donaudampfschifffahrtsgesellschaft", 12, 60).size(), 1u);
}

}  // namespace
}  // namespace intr

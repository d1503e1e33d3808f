// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/plot_frame.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

std::string named(const std::vector<std::string>& names) {
  PlotFrame frame({}, {}, {});
  frame.x_names(names);
  return frame.finish();
}

TEST(PlotFrame, WordsAreTextAndWrap) {
  const std::array<LegendEntry, 3> legend = {
      LegendEntry{LegendEntry::Mark::kLine, Tone::kFirst, "<first>"},
      LegendEntry{LegendEntry::Mark::kCross, Tone::kSecond, std::string(100, 'w')},
      LegendEntry{LegendEntry::Mark::kDot, Tone::kThird, "third"}};
  PlotFrame frame(
      {.title = "A long title that needs more than a line of the paper, & then \"some\"",
       .x_label = "x < 1",
       .y_label = "y > 1",
       .note = "a note & more"},
      legend, {});
  EXPECT_GT(frame.area().top, 80);
  EXPECT_DOUBLE_EQ(frame.area().height(), PlotFrame::Size().height);
  const std::string svg = frame.finish();
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(count_of(svg, "font-weight"), 2u);  // two lines of title
  for (const char* text : {"&lt;first&gt;", "x &lt; 1", "y &gt; 1", "a note &amp; more", "www…"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
}

TEST(PlotFrame, LongLabelsStayOnThePaper) {
  const auto svg = [](const std::string& label) {
    return PlotFrame({.title = {}, .x_label = label, .y_label = {}, .note = {}}, {}, {.left = 160})
        .finish();
  };
  EXPECT_NE(svg("x").find("<text x=\"254\""), std::string::npos);  // the middle of the area
  EXPECT_EQ(svg("a label that is longer than half of it").find("<text x=\"254\""),
            std::string::npos);
}

TEST(PlotFrame, NamesStandClearOfEachOther) {
  EXPECT_EQ(count_of(named({"0", "1", "2", "mean"}), "<text"), 4u);
  EXPECT_EQ(count_of(named({"a rather long name", "another long name", "and a third long name"}),
                     "rotate(-45"),
            3u);
  std::vector<std::string> heads;
  for (int head = 0; head < 100; ++head) heads.push_back(std::to_string(head));
  const std::size_t shown = count_of(named(heads), "<text");
  EXPECT_GT(shown, 5u);
  EXPECT_LT(shown, 30u);
  EXPECT_EQ(count_of(named({}), "<text"), 0u);
}

TEST(PlotFrame, BandsShareTheWidth) {
  const PlotFrame frame({}, {}, {.left = 48});
  EXPECT_DOUBLE_EQ(frame.band_middle(0, 1), (48 + kPlotWidth - 12) / 2);
  EXPECT_DOUBLE_EQ(frame.band_middle(1, 4) - frame.band_middle(0, 4), 75);
}

TEST(PlotFrame, LevelsThatAreMissingAreNotDrawn) {
  PlotFrame frame({}, {}, {});
  frame.level({"a", NAN}, nice_axis(0, 1));
  EXPECT_EQ(count_of(frame.finish(), "dasharray"), 0u);
  frame.level({"a", 0.5}, nice_axis(0, 1));
  EXPECT_EQ(count_of(frame.finish(), "dasharray"), 1u);
}

TEST(PlotFrame, CountsMissingValues) {
  PlotFrame none({}, {}, {}), one({}, {}, {}), many({}, {}, {});
  none.missing_note(0);
  one.missing_note(1);
  many.missing_note(3);
  EXPECT_EQ(none.finish().find("missing"), std::string::npos);
  EXPECT_NE(one.finish().find("1 missing value left out."), std::string::npos);
  EXPECT_NE(many.finish().find("3 missing values left out."), std::string::npos);
}

TEST(PlotFrame, IntervalsAreShownIfThereAreAny) {
  EXPECT_EQ(shown_interval(0.5, 0.4, 0.6), "0.500 (0.400 to 0.600)");
  EXPECT_EQ(shown_interval(0.5, NAN, NAN), "0.500");
  EXPECT_GT(left_margin(nice_axis(0, 123456)), left_margin(nice_axis(0, 5)));
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/bar_plot.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

std::size_t bars_in(const std::string& svg) { return count_of(svg, "class=\"f-bar\""); }

BarPlot heads() {
  return {.text = {.title = "Mass in box", .x_label = "head", .y_label = "share", .note = {}},
          .bars = {{"0", 0.2, 0.1, 0.3}, {"1", 0.6, 0.5, 0.7}, {"2", 0.4, NAN, NAN}},
          .levels = {{"uniform", 0.3}, {"absent", NAN}}};
}

TEST(BarPlot, DrawsBarsIntervalsAndBaselines) {
  const std::string svg = bar_plot(heads());
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, bar_plot(heads()));
  EXPECT_EQ(bars_in(svg), 3u);
  EXPECT_EQ(count_of(svg, "s-ink"), 6u);  // a line and two ends of two intervals
  EXPECT_NE(svg.find("<title>1: 0.600 (0.500 to 0.700)</title>"), std::string::npos);
  EXPECT_NE(svg.find(">uniform 0.300</text>"), std::string::npos);
  EXPECT_EQ(svg.find("absent"), std::string::npos);
  EXPECT_NE(svg.find(">0.0</text>"), std::string::npos);  // bars stand on zero
}

TEST(BarPlot, ValuesFarFromZeroAreDots) {
  BarPlot plot = heads();
  plot.levels.clear();
  plot.bars = {{"0", 0.95, 0.94, 0.96}, {"1", 0.91, 0.9, 0.92}};
  const std::string svg = bar_plot(plot);
  EXPECT_EQ(bars_in(svg), 0u);
  EXPECT_EQ(count_of(svg, "<circle"), 2u);
  for (Bar& bar : plot.bars) bar = {bar.name, -bar.value, -bar.high, -bar.low};
  EXPECT_EQ(count_of(bar_plot(plot), "<circle"), 2u);
}

TEST(BarPlot, LeavesOutWhatIsNotFinite) {
  BarPlot plot = heads();
  plot.bars[1].value = NAN;
  plot.bars.push_back({"3", INFINITY, NAN, NAN});
  const std::string svg = bar_plot(plot);
  EXPECT_EQ(bars_in(svg), 2u);
  EXPECT_NE(svg.find("2 missing values left out."), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_EQ(svg.find("inf"), std::string::npos);
}

TEST(BarPlot, NegativeBarsHangFromZero) {
  const std::string svg = bar_plot({.text = {}, .bars = {{"a", -0.5}, {"b", 0.5}}, .levels = {}});
  EXPECT_EQ(bars_in(svg), 2u);
  EXPECT_EQ(svg.find("height=\"-"), std::string::npos);
}

TEST(BarPlot, IsWholeWithoutValues) {
  for (const BarPlot& plot : {BarPlot{}, BarPlot{.text = {}, .bars = {{"a", NAN}}, .levels = {}},
                              BarPlot{.text = {}, .bars = {}, .levels = {{"x", 1}}}}) {
    const std::string svg = bar_plot(plot);
    EXPECT_EQ(test::MarkupCheck::fault(svg), "");
    EXPECT_NE(svg.find("no values to show"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
  }
  EXPECT_EQ(bars_in(bar_plot({.text = {}, .bars = {{"<b>", 2}}, .levels = {}})), 1u);
}

}  // namespace
}  // namespace intr

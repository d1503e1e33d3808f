// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/curve_plot.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

CurvePlot deletion() {
  CurvePlot plot;
  plot.text = {.title = "Deletion", .x_label = "cells", .y_label = "margin", .note = {}};
  plot.curves.resize(2);
  plot.curves[0].name = "head mean";
  plot.curves[1].name = "random <3>";
  plot.curves[1].baseline = true;
  for (int step = 0; step <= 4; ++step) {
    const double x = step / 4.0;
    plot.curves[0].points.push_back({x, 1 - x, 0.9 - x, 1.1 - x});
    plot.curves[1].points.push_back({x, 1 - x / 2, NAN, NAN});
  }
  return plot;
}

TEST(CurvePlot, DrawsLinesBandsAndBaselines) {
  const std::string svg = curve_plot(deletion());
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, curve_plot(deletion()));
  EXPECT_EQ(count_of(svg, "fill-opacity"), 1u);      // a band where there are intervals
  EXPECT_EQ(count_of(svg, "stroke-dasharray"), 2u);  // the baseline and its legend
  EXPECT_EQ(count_of(svg, "stroke-linejoin"), 2u);
  EXPECT_NE(svg.find("random &lt;3&gt;"), std::string::npos);
}

TEST(CurvePlot, TheFirstCurveLiesOnTop) {
  const std::string svg = curve_plot(deletion());
  const std::size_t baseline = svg.find("stroke-dasharray=\"5 3\" stroke-linecap");
  EXPECT_LT(baseline, svg.rfind("class=\"s-first\""));
  EXPECT_LT(svg.rfind("class=\"s-second\""), svg.rfind("class=\"s-first\""));
}

TEST(CurvePlot, BreaksWhereAValueIsMissing) {
  CurvePlot plot = deletion();
  plot.curves[0].points[2].y = NAN;
  const std::string svg = curve_plot(plot);
  EXPECT_EQ(count_of(svg, "stroke-linejoin"), 3u);
  EXPECT_EQ(count_of(svg, "fill-opacity"), 2u);
  EXPECT_NE(svg.find("1 missing value left out."), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(CurvePlot, OnePointIsADot) {
  CurvePlot plot;
  plot.curves = {{"one", {{1, 2}}}};
  EXPECT_EQ(count_of(curve_plot(plot), "h0\""), 1u);
}

TEST(CurvePlot, IsWholeWithoutValues) {
  const std::string svg = curve_plot({});
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_NE(svg.find("no values to show"), std::string::npos);
}

}  // namespace
}  // namespace intr

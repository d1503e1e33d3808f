// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/scatter_plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

TEST(ScatterPlot, DrawsAMarkAPoint) {
  const ScatterPlot plot{
      .text = {.title = "A & B", .x_label = "x", .y_label = "y", .note = {}},
      .series = {{"<right>", {{0, 0}, {1, 1}, {2, 4}}}, {"wrong", {{3, 1}, {4, 2}}}}};
  const std::string svg = scatter_plot(plot);
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, scatter_plot(plot));
  EXPECT_EQ(count_of(svg, "h0"), 3u);    // dots
  EXPECT_EQ(count_of(svg, "m0 -"), 3u);  // crosses and that of the legend
  EXPECT_NE(svg.find("&lt;right&gt;"), std::string::npos);
  EXPECT_EQ(svg.find("missing"), std::string::npos);
}

TEST(ScatterPlot, LeavesOutWhatIsNotFiniteAndWhatHidesBelowAnother) {
  const std::string svg = scatter_plot(
      {.text = {}, .series = {{"a", {{0, 0}, {0, 0}, {NAN, 1}, {1, INFINITY}, {1, 1}}}}});
  EXPECT_EQ(count_of(svg, "h0"), 2u);
  EXPECT_NE(svg.find("2 missing values left out."), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(ScatterPlot, ManyPointsStaySmall) {
  ScatterPlot plot{.text = {}, .series = {{"a", {}}}};
  for (int at = 0; at < 50000; ++at)
    plot.series[0].points.push_back({std::sin(at) * at, std::cos(at) * at});
  EXPECT_LT(scatter_plot(plot).size(), 800'000u);
}

TEST(ScatterPlot, IsWholeWithOnePointAndWithNone) {
  EXPECT_EQ(count_of(scatter_plot({.text = {}, .series = {{"a", {{2, 3}}}}}), "h0"), 1u);
  for (const ScatterPlot& plot : {ScatterPlot{}, ScatterPlot{.text = {}, .series = {{"a", {}}}}}) {
    const std::string svg = scatter_plot(plot);
    EXPECT_EQ(test::MarkupCheck::fault(svg), "");
    EXPECT_NE(svg.find("no values to show"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr

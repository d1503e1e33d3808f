// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/row_plot.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

RowPlot stages() {
  return {.text = {.title = "Randomization", .x_label = "similarity", .y_label = {}, .note = {}},
          .rows = {{"presence vector", 1, 1, 1},
                   {"query embedding & more", 0.4, 0.3, 0.5},
                   {"decoder", NAN, NAN, NAN},
                   {"encoder", 0.25, NAN, NAN}},
          .levels = {{"none", 0}, {"absent", NAN}}};
}

TEST(RowPlot, DrawsEveryRow) {
  const std::string svg = row_plot(stages());
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, row_plot(stages()));
  EXPECT_EQ(count_of(svg, "r=\"3.5\""), 3u);
  EXPECT_EQ(count_of(svg, "class=\"s-first\""), 2u);  // intervals
  EXPECT_NE(svg.find("<title>query embedding &amp; more: 0.400 (0.300 to 0.500)</title>"),
            std::string::npos);
  EXPECT_NE(svg.find("<title>encoder: 0.250</title>"), std::string::npos);
  EXPECT_NE(svg.find("1 missing value left out."), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(RowPlot, LevelsAreDashedAndNamed) {
  const std::string svg = row_plot(stages());
  EXPECT_EQ(count_of(svg, "stroke-dasharray"), 2u);  // in the legend and across the rows
  EXPECT_NE(svg.find(">none 0.000<"), std::string::npos);
  EXPECT_EQ(svg.find("absent"), std::string::npos);
}

TEST(RowPlot, IsWholeWithoutValues) {
  for (const RowPlot& plot : {RowPlot{}, RowPlot{.text = {}, .rows = {{"a", NAN}}, .levels = {}}}) {
    const std::string svg = row_plot(plot);
    EXPECT_EQ(test::MarkupCheck::fault(svg), "");
    EXPECT_NE(svg.find("no values to show"), std::string::npos);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/row_plot.h"

#include <gtest/gtest.h>

#include "attention/markup_check.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using test::count_of;

RowPlot stages() {
  return {.text = {.title = "Randomization", .x_label = "similarity", .y_label = {}, .note = {}},
          .rows = {"presence vector", "query embedding & more"},
          .series = {{"Spearman", {{1, 1, 1}, {0.4, 0.3, 0.5}}}, {"cosine", {{1}, {NAN}}}},
          .levels = {{"none", 0}}};
}

TEST(RowPlot, DrawsEverySeriesOfEveryRow) {
  const std::string svg = row_plot(stages());
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, row_plot(stages()));
  EXPECT_EQ(count_of(svg, "r=\"3.5\""), 3u);
  EXPECT_NE(svg.find("<title>query embedding &amp; more, Spearman: 0.400 (0.300 to 0.500)</title>"),
            std::string::npos);
  EXPECT_NE(svg.find("1 missing value left out."), std::string::npos);
  EXPECT_NE(svg.find("none 0.000"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(RowPlot, IsWholeWithoutRows) {
  const std::string svg = row_plot({});
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_NE(svg.find("no values to show"), std::string::npos);
}

TEST(RowPlot, NeedsAValueARow) {
  RowPlot plot = stages();
  plot.series[0].values.pop_back();
  EXPECT_THROW(row_plot(plot), InternalError);
}

}  // namespace
}  // namespace intr

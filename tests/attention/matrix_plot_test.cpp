// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/matrix_plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/markup_check.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using test::count_of;

TEST(MatrixPlot, DrawsACellANumber) {
  const MatrixPlot plot{.text = {.title = "Parts", .x_label = "head", .y_label = {}, .note = {}},
                        .rows = {"beak", "<tail> & \"wing\""},
                        .columns = {"0", "1"},
                        .values = {0.25, 1, NAN, 0}};
  const std::string svg = matrix_plot(plot);
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, matrix_plot(plot));
  EXPECT_EQ(count_of(svg, "f-heat"), 4u);
  EXPECT_EQ(count_of(svg, "fill-opacity=\"0.70\""), 1u);
  EXPECT_EQ(count_of(svg, "fill-opacity=\"0.00\""), 2u);
  EXPECT_NE(svg.find("<title>beak, 0: 0.250</title>"), std::string::npos);
  EXPECT_NE(svg.find(">1.00</text>"), std::string::npos);
  EXPECT_NE(svg.find(">–</text>"), std::string::npos);
  EXPECT_NE(svg.find("1 missing value left out."), std::string::npos);
}

TEST(MatrixPlot, GrowsWithItsColumns) {
  MatrixPlot plot{.text = {}, .rows = {"a"}, .columns = {}, .values = {}};
  for (int column = 0; column < 40; ++column) {
    plot.columns.push_back(std::to_string(column));
    plot.values.push_back(column);
  }
  plot.high = 39;
  const std::string svg = matrix_plot(plot);
  EXPECT_EQ(svg.find("viewBox=\"0 0 360"), std::string::npos);
  EXPECT_EQ(count_of(svg, "fill-opacity=\"0.70\""), 1u);
}

TEST(MatrixPlot, LongNamesAreCut) {
  const std::string svg =
      matrix_plot({.text = {}, .rows = {std::string(200, 'x')}, .columns = {"0"}, .values = {0.5}});
  EXPECT_NE(svg.find("xxx…</text>"), std::string::npos);
}

TEST(MatrixPlot, IsWholeWithoutCells) {
  const std::string svg = matrix_plot({});
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_NE(svg.find("no values to show"), std::string::npos);
  EXPECT_THROW(matrix_plot({.text = {}, .rows = {"a"}, .columns = {"b"}, .values = {1, 2}}),
               InternalError);
}

}  // namespace
}  // namespace intr

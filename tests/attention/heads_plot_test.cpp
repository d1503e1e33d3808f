// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/heads_plot.h"

#include <gtest/gtest.h>

#include <cmath>

#include "attention/markup_check.h"
#include "intr/core/error.h"

namespace intr {
namespace {

MeasureSummary measure() {
  MeasureSummary one;
  one.title = "mass in box";
  one.unit = "x chance";
  one.all = {0.5, 0.4, 0.6, 3, 0};
  one.heads = {{0.25, 0.2, 0.3, 3, 0}, {0.75, NAN, NAN, 3, 0}};
  return one;
}

const std::vector<std::int32_t> kHeads = {2, 7};

TEST(HeadsPlot, ShowsHeadsThenAllOfThem) {
  const std::string svg = heads_plot(measure(), kHeads);
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  for (const char* text : {"<title>2: 0.250 (0.200 to 0.300)</title>", "<title>7: 0.750</title>",
                           "<title>all: 0.500 (0.400 to 0.600)</title>", ">Mass in box<",
                           ">× chance<", ">chance 1.000<"})
    EXPECT_NE(svg.find(text), std::string::npos) << text;
}

TEST(HeadsPlot, AllIsLeftOutWithoutAValue) {
  MeasureSummary one = measure();
  one.all = {};
  EXPECT_EQ(heads_plot(one, kHeads).find("<title>all"), std::string::npos);
}

TEST(HeadsPlot, NeedsANumberAHead) {
  EXPECT_THROW(heads_plot(measure(), std::vector<std::int32_t>{1}), InternalError);
}

}  // namespace
}  // namespace intr

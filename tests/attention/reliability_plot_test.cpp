// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reliability_plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "attention/markup_check.h"

namespace intr {
namespace {

using test::count_of;

const std::vector<CalibrationBin> kBins = {
    {0, 0.5, 30, 0.4, 0.7}, {0.5, 0.75, 0, NAN, NAN}, {0.75, 1, 10, 0.9, 1}};

TEST(ReliabilityPlot, DrawsBinsThatHoldSamples) {
  const PlotText text{.title = "Calibration", .x_label = "p", .y_label = "a < b", .note = {}};
  const std::string svg = reliability_plot(text, kBins);
  EXPECT_EQ(test::MarkupCheck::fault(svg), "");
  EXPECT_EQ(svg, reliability_plot(text, kBins));
  EXPECT_EQ(count_of(svg, "r=\"3.5\""), 2u);
  EXPECT_NE(svg.find("30 samples, confidence 0.400, accuracy 0.700"), std::string::npos);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(ReliabilityPlot, IntervalsAreWilsons) {
  // 10 of 10 right: 0.7225 to 1, not the interval of no length that a normal approximation gives.
  const std::string svg = reliability_plot({}, std::vector<CalibrationBin>{{0, 1, 10, 0.5, 1}});
  const PlotFrame frame({}, {}, {});
  const std::size_t at = svg.find("stroke=\"#0b6e99\"");
  ASSERT_NE(at, std::string::npos);
  const std::size_t path = svg.rfind("M", at);
  double x = 0, low = 0, high = 0;
  ASSERT_EQ(std::sscanf(svg.c_str() + path, "M%lf %lfL%*f %lf", &x, &low, &high), 3);
  EXPECT_NEAR((low - high) / 220, 1 - 0.7225, 0.001);
}

TEST(ReliabilityPlot, IsWholeWithoutSamples) {
  for (const auto& bins : {std::vector<CalibrationBin>{}, std::vector{kBins[1]}}) {
    const std::string svg = reliability_plot({}, bins);
    EXPECT_EQ(test::MarkupCheck::fault(svg), "");
    EXPECT_NE(svg.find("no values to show"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr

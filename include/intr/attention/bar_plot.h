// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "intr/attention/plot_frame.h"

namespace intr {

/// One value and its confidence interval.
struct Bar {
  std::string name;
  double value = 0;
  double low = NAN, high = NAN;  ///< NaN: no interval
};

/// Values side by side, such as a measure of each head. Bars stand on zero; where all values lie
/// close together and far from zero there are dots instead, on an axis of their own range.
struct BarPlot {
  PlotText text;
  std::vector<Bar> bars;
  std::vector<Level> levels;  ///< baselines
};

/// The plot as an SVG. Values that are not finite are left out and counted.
std::string bar_plot(const BarPlot& plot);

}  // namespace intr

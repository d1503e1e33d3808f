// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "intr/attention/plot_frame.h"

namespace intr {

/// Values with intervals along a common horizontal axis, a row a name: for names that are long,
/// such as the stages of a randomization.
struct RowPlot {
  struct Row {
    std::string name;
    double value = 0;
    double low = NAN, high = NAN;  ///< NaN: no interval
  };
  PlotText text;
  std::vector<Row> rows;      ///< from the top
  std::vector<Level> levels;  ///< baselines: dashed
};

/// The plot as an SVG. Values that are not finite are left out and counted.
std::string row_plot(const RowPlot& plot);

}  // namespace intr

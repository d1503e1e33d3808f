// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "intr/attention/plot_frame.h"

namespace intr {

/// Values with intervals along a common horizontal axis, a row a name: for names that are long,
/// such as the stages of a randomization. Series of a row lie just below one another.
struct RowPlot {
  struct Value {
    double value = NAN;
    double low = NAN, high = NAN;  ///< NaN: no interval
  };
  struct Series {
    std::string name;
    std::vector<Value> values;  ///< one a row
  };
  PlotText text;
  std::vector<std::string> rows;
  std::vector<Series> series;
  std::vector<Level> levels;
};

/// The plot as an SVG. Values that are not finite are left out and counted.
/// @throws InternalError if a series has not one value a row
std::string row_plot(const RowPlot& plot);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/plot_frame.h"

namespace intr {

/// A table of numbers whose cells are the darker the larger the number: parts below one another,
/// heads side by side.
struct MatrixPlot {
  PlotText text;
  std::vector<std::string> rows, columns;
  std::vector<double> values;  ///< row by row; NaN stays white, with a dash
  double high = 1;             ///< value of the darkest cells; the lightest are 0
};

/// The plot as an SVG; it grows wider than kPlotWidth with many columns.
/// @throws InternalError if values are not rows times columns
std::string matrix_plot(const MatrixPlot& plot);

}  // namespace intr

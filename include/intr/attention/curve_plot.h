// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "intr/attention/plot_frame.h"

namespace intr {

/// Means along an axis with the band of their confidence intervals.
struct MeanCurve {
  struct Point {
    double x = 0, y = 0;
    double low = NAN, high = NAN;  ///< NaN: no band here
  };
  std::string name;
  std::vector<Point> points;  ///< by ascending x
  bool baseline = false;      ///< dashed
};

/// Curves such as those of deletion and insertion. The first one lies on top.
struct CurvePlot {
  PlotText text;
  std::vector<MeanCurve> curves;
};

/// The plot as an SVG. Curves break at points that are not finite; those are counted.
std::string curve_plot(const CurvePlot& plot);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/plot_frame.h"

namespace intr {

/// One mark a sample. The first series is drawn as dots, the second as crosses, and so on: they
/// differ without colors too.
struct ScatterPlot {
  struct Point {
    double x = 0, y = 0;
  };
  struct Series {
    std::string name;
    std::vector<Point> points;
  };
  PlotText text;
  std::vector<Series> series;
};

/// The plot as an SVG. Points that are not finite are left out and counted; of points that fall on
/// the same pixel one is drawn.
std::string scatter_plot(const ScatterPlot& plot);

}  // namespace intr

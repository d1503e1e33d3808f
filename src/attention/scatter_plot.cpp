// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/scatter_plot.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <utility>

namespace intr {

namespace {

bool is_finite(const ScatterPlot::Point& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

struct Ranges {
  ValueRange x, y;
  std::size_t drawn = 0, missing = 0;
};

Ranges ranges_of(const ScatterPlot& plot) {
  Ranges ranges;
  for (const ScatterPlot::Series& series : plot.series)
    for (const ScatterPlot::Point& point : series.points) {
      if (!is_finite(point)) {
        ++ranges.missing;
        continue;
      }
      ++ranges.drawn;
      ranges.x.add(point.x);
      ranges.y.add(point.y);
    }
  return ranges;
}

/// Half the size of a mark: the more there are the smaller.
double mark_size(std::size_t count) { return count < 300 ? 2.5 : count < 2000 ? 1.8 : 1.2; }

struct Axes {
  Axis x, y;
};

/// One path for a whole series: a fifth of the bytes of an element a point.
std::string series_path(const ScatterPlot::Series& series, const Axes& axes, const Rectangle& area,
                        bool crosses, double size) {
  std::set<std::pair<int, int>> taken;
  std::string path;
  for (const ScatterPlot::Point& point : series.points) {
    if (!is_finite(point)) continue;
    const double x = axes.x.place(point.x, area.left, area.right);
    const double y = axes.y.place(point.y, area.bottom, area.top);
    if (!taken.emplace(static_cast<int>(std::lround(x)), static_cast<int>(std::lround(y))).second)
      continue;
    if (crosses)
      path += fmt::format("M{} {}l{} {}m0 -{}l-{} {}", svg_number(x - size), svg_number(y - size),
                          svg_number(2 * size), svg_number(2 * size), svg_number(2 * size),
                          svg_number(2 * size), svg_number(2 * size));
    else
      path += fmt::format("M{} {}h0", svg_number(x), svg_number(y));
  }
  return path;
}

}  // namespace

std::string scatter_plot(const ScatterPlot& plot) {
  const Ranges ranges = ranges_of(plot);
  const Axes axes{nice_axis(ranges.x.low, ranges.x.high), nice_axis(ranges.y.low, ranges.y.high)};
  std::vector<LegendEntry> legend;
  for (std::size_t number = 0; number < plot.series.size(); ++number)
    legend.push_back({number % 2 == 0 ? LegendEntry::Mark::kDot : LegendEntry::Mark::kCross,
                      series_tone(number), plot.series[number].name});
  PlotFrame frame(plot.text, legend, {.left = left_margin(axes.y), .height = 220});
  frame.y_axis(axes.y);
  frame.x_axis(axes.x, true);
  const double size = mark_size(ranges.drawn);
  for (std::size_t number = 0; number < plot.series.size(); ++number) {
    const bool crosses = number % 2 == 1;
    const std::string path = series_path(plot.series[number], axes, frame.area(), crosses, size);
    if (!path.empty())
      frame.canvas().stroke(path, {.tone = series_tone(number),
                                   .width = crosses ? 1.2 : 2 * size,
                                   .round = !crosses,
                                   .opacity = 0.7});
  }
  if (ranges.drawn == 0) frame.nothing_note();
  frame.missing_note(ranges.missing);
  return frame.finish();
}

}  // namespace intr

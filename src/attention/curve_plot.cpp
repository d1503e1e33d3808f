// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/curve_plot.h"

#include <fmt/format.h>

#include <span>

namespace intr {

namespace {

using Points = std::span<const MeanCurve::Point>;

bool is_drawn(const MeanCurve::Point& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

bool has_band(const MeanCurve::Point& point) {
  return is_drawn(point) && std::isfinite(point.low) && std::isfinite(point.high);
}

struct Ranges {
  ValueRange x, y;
  std::size_t missing = 0;
};

Ranges ranges_of(const CurvePlot& plot) {
  Ranges ranges;
  for (const MeanCurve& curve : plot.curves)
    for (const MeanCurve::Point& point : curve.points) {
      if (!is_drawn(point)) {
        ++ranges.missing;
        continue;
      }
      ranges.x.add(point.x);
      for (const double y : {point.y, point.low, point.high}) ranges.y.add(y);
    }
  return ranges;
}

/// Calls use(points) for each unbroken run of points that satisfy a condition.
template <class Condition, class Use>
void for_each_run(Points points, const Condition& condition, const Use& use) {
  for (std::size_t at = 0; at < points.size();) {
    std::size_t end = at;
    while (end < points.size() && condition(points[end])) ++end;
    if (end > at) use(points.subspan(at, end - at));
    at = end + 1;
  }
}

class CurvePainter {
 public:
  CurvePainter(PlotFrame& frame, const Axis& x, const Axis& y) : frame_(frame), x_(x), y_(y) {}

  void band(const MeanCurve& curve, Tone tone) {
    for_each_run(curve.points, has_band, [&](Points run) {
      std::string path;
      for (const MeanCurve::Point& point : run)
        path += fmt::format("{}{}", path.empty() ? "M" : "L", place(point.x, point.high));
      for (std::size_t left = run.size(); left > 0; --left)
        path += fmt::format("L{}", place(run[left - 1].x, run[left - 1].low));
      frame_.canvas().fill(path + "Z", tone, 0.16);
    });
  }

  void line(const MeanCurve& curve, Tone tone) {
    for_each_run(curve.points, is_drawn, [&](Points run) {
      std::string path;
      for (const MeanCurve::Point& point : run)
        path += fmt::format("{}{}", path.empty() ? "M" : "L", place(point.x, point.y));
      frame_.canvas().stroke(path + (run.size() == 1 ? "h0" : ""),
                             {.tone = tone,
                              .width = run.size() == 1 ? 6.0 : 2.0,
                              .dashed = curve.baseline,
                              .round = true});
    });
  }

 private:
  std::string place(double x, double y) const {
    const Rectangle& area = frame_.area();
    return fmt::format("{} {}", svg_number(x_.place(x, area.left, area.right)),
                       svg_number(y_.place(y, area.bottom, area.top)));
  }

  PlotFrame& frame_;
  const Axis& x_;
  const Axis& y_;
};

}  // namespace

std::string curve_plot(const CurvePlot& plot) {
  const Ranges ranges = ranges_of(plot);
  const Axis x = nice_axis(ranges.x.low, ranges.x.high),
             y = nice_axis(ranges.y.low, ranges.y.high, 7);
  std::vector<LegendEntry> legend;
  for (std::size_t number = 0; number < plot.curves.size(); ++number) {
    const MeanCurve& curve = plot.curves[number];
    legend.push_back({curve.baseline ? LegendEntry::Mark::kDashed : LegendEntry::Mark::kLine,
                      series_tone(number), curve.name});
  }
  PlotFrame frame(plot.text, legend, {.left = left_margin(y), .height = 200});
  frame.y_axis(y);
  frame.x_axis(x);
  CurvePainter painter(frame, x, y);
  for (std::size_t left = plot.curves.size(); left > 0; --left)
    painter.band(plot.curves[left - 1], series_tone(left - 1));
  for (std::size_t left = plot.curves.size(); left > 0; --left)
    painter.line(plot.curves[left - 1], series_tone(left - 1));
  if (ranges.x.empty()) frame.nothing_note();
  frame.missing_note(ranges.missing);
  return frame.finish();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/bar_plot.h"

#include <algorithm>

namespace intr {

namespace {

ValueRange range_of(const BarPlot& plot) {
  ValueRange range;
  for (const Bar& bar : plot.bars)
    if (std::isfinite(bar.value)) {
      range.add(bar.value);
      range.add(bar.low);
      range.add(bar.high);
    }
  for (const Level& level : plot.levels) range.add(level.value);
  return range;
}

/// Whether a bar from zero would show little but what all bars have in common.
bool far_from_zero(const ValueRange& range) {
  const double near = std::min(std::abs(range.low), std::abs(range.high));
  return range.high > range.low && range.low * range.high > 0 &&
         near > 0.75 * std::max(std::abs(range.low), std::abs(range.high));
}

void draw_interval(SvgCanvas& canvas, const Bar& bar, const Axis& axis, const Rectangle& area,
                   double x) {
  if (!std::isfinite(bar.low) || !std::isfinite(bar.high)) return;
  const double low = axis.place(bar.low, area.bottom, area.top);
  const double high = axis.place(bar.high, area.bottom, area.top);
  const Stroke ink{.tone = Tone::kInk, .width = 1.2};
  canvas.line({x, low}, {x, high}, ink);
  for (const double end : {low, high}) canvas.line({x - 4, end}, {x + 4, end}, ink);
}

std::vector<LegendEntry> legend_of(const BarPlot& plot) {
  std::vector<LegendEntry> legend;
  for (std::size_t number = 0; number < plot.levels.size(); ++number)
    if (const Level& level = plot.levels[number]; std::isfinite(level.value))
      legend.push_back({LegendEntry::Mark::kDashed, series_tone(number + 1),
                        level.name + " " + shown_number(level.value)});
  return legend;
}

}  // namespace

std::string bar_plot(const BarPlot& plot) {
  ValueRange range = range_of(plot);
  const bool dots = far_from_zero(range);
  if (!dots && !range.empty()) range.add(0);
  const Axis axis = nice_axis(range.low, range.high);
  PlotFrame frame(plot.text, legend_of(plot), {.left = left_margin(axis), .height = 150});
  frame.y_axis(axis);
  const Rectangle& area = frame.area();
  SvgCanvas& canvas = frame.canvas();
  std::vector<std::string> names;
  std::size_t missing = 0;
  const double wide = std::min(34.0, 0.66 * area.width() / static_cast<double>(plot.bars.size()));
  const double zero = axis.place(0, area.bottom, area.top);
  for (const Bar& bar : plot.bars) {
    const double x = frame.band_middle(names.size(), plot.bars.size());
    names.push_back(bar.name);
    if (!std::isfinite(bar.value)) {
      ++missing;
      continue;
    }
    const double y = axis.place(bar.value, area.bottom, area.top);
    canvas.begin_hint(bar.name + ": " + shown_interval(bar.value, bar.low, bar.high));
    if (!dots)
      canvas.rectangle({x - wide / 2, std::min(y, zero), x + wide / 2, std::max(y, zero)},
                       Tone::kBar);
    draw_interval(canvas, bar, axis, area, x);
    if (dots) canvas.dot({x, y}, 4, Tone::kFirst);
    canvas.end_hint();
  }
  for (std::size_t number = 0; number < plot.levels.size(); ++number)
    frame.level(plot.levels[number], axis, series_tone(number + 1));
  if (missing == plot.bars.size()) frame.nothing_note();
  frame.x_names(names);
  frame.missing_note(missing);
  return frame.finish();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/row_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/attention/svg_text.h"

namespace intr {

namespace {

constexpr double kNameSize = 11, kMostName = 140, kRowHeight = 20;

double name_margin(const RowPlot& plot) {
  double left = 24;
  for (const RowPlot::Row& row : plot.rows)
    left = std::max(left, std::min(text_width(row.name, kNameSize), kMostName) + 14);
  return left;
}

ValueRange range_of(const RowPlot& plot) {
  ValueRange range;
  for (const RowPlot::Row& row : plot.rows)
    if (std::isfinite(row.value))
      for (const double number : {row.value, row.low, row.high}) range.add(number);
  for (const Level& level : plot.levels) range.add(level.value);
  return range;
}

std::vector<LegendEntry> legend_of(const RowPlot& plot) {
  std::vector<LegendEntry> legend;
  for (const Level& level : plot.levels)
    if (std::isfinite(level.value))
      legend.push_back({LegendEntry::Mark::kDashed, Tone::kPale,
                        fmt::format("{} {}", level.name, shown_number(level.value))});
  return legend;
}

void draw_levels(PlotFrame& frame, const RowPlot& plot, const Axis& axis) {
  const Rectangle& area = frame.area();
  for (const Level& level : plot.levels) {
    if (!std::isfinite(level.value)) continue;
    const double x = axis.place(level.value, area.left, area.right);
    frame.canvas().line({x, area.top}, {x, area.bottom},
                        {.tone = Tone::kPale, .width = 1.5, .dashed = true});
  }
}

void draw_value(PlotFrame& frame, const RowPlot::Row& row, const Axis& axis, double y) {
  const Rectangle& area = frame.area();
  const auto at = [&](double number) { return axis.place(number, area.left, area.right); };
  frame.canvas().begin_hint(
      fmt::format("{}: {}", row.name, shown_interval(row.value, row.low, row.high)));
  if (std::isfinite(row.low) && std::isfinite(row.high))
    frame.canvas().line({at(row.low), y}, {at(row.high), y}, {.tone = Tone::kFirst, .width = 2});
  frame.canvas().dot({at(row.value), y}, 3.5, Tone::kFirst);
  frame.canvas().end_hint();
}

}  // namespace

std::string row_plot(const RowPlot& plot) {
  const ValueRange range = range_of(plot);
  const Axis axis = nice_axis(range.low, range.high, 6);
  const double height = std::max(40.0, kRowHeight * static_cast<double>(plot.rows.size()));
  PlotFrame frame(plot.text, legend_of(plot), {.left = name_margin(plot), .height = height});
  frame.x_axis(axis, true);
  draw_levels(frame, plot, axis);
  std::size_t missing = 0;
  double middle = frame.area().top + kRowHeight / 2;
  for (const RowPlot::Row& row : plot.rows) {
    frame.canvas().text({frame.area().left - 8, middle + 4},
                        fitted_text(row.name, kNameSize, kMostName),
                        {.size = kNameSize, .anchor = Anchor::kEnd});
    if (std::isfinite(row.value))
      draw_value(frame, row, axis, middle);
    else
      ++missing;
    middle += kRowHeight;
  }
  if (missing == plot.rows.size()) frame.nothing_note();
  frame.missing_note(missing);
  return frame.finish();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/row_plot.h"

#include <algorithm>

#include "intr/attention/svg_text.h"
#include "intr/core/error.h"

namespace intr {

namespace {

constexpr double kNameSize = 11, kMostName = 140, kSeriesHeight = 10;

struct Layout {
  double left = 24, row_height = 20;
};

Layout layout(const RowPlot& plot) {
  Layout found;
  for (const std::string& row : plot.rows)
    found.left = std::max(found.left, std::min(text_width(row, kNameSize), kMostName) + 14);
  found.row_height =
      10 + kSeriesHeight * static_cast<double>(std::max<std::size_t>(plot.series.size(), 1));
  return found;
}

ValueRange range_of(const RowPlot& plot) {
  ValueRange range;
  for (const RowPlot::Series& series : plot.series)
    for (const RowPlot::Value& value : series.values)
      if (std::isfinite(value.value))
        for (const double number : {value.value, value.low, value.high}) range.add(number);
  for (const Level& level : plot.levels) range.add(level.value);
  return range;
}

std::vector<LegendEntry> legend_of(const RowPlot& plot) {
  std::vector<LegendEntry> legend;
  for (std::size_t number = 0; number < plot.series.size(); ++number)
    if (!plot.series[number].name.empty())
      legend.push_back({LegendEntry::Mark::kDot, series_tone(number), plot.series[number].name});
  for (const Level& level : plot.levels)
    if (std::isfinite(level.value))
      legend.push_back(
          {LegendEntry::Mark::kDashed, Tone::kPale, level.name + " " + shown_number(level.value)});
  return legend;
}

void draw_value(PlotFrame& frame, const RowPlot::Value& value, const Axis& axis, double y,
                Tone tone) {
  const Rectangle& area = frame.area();
  const auto at = [&](double number) { return axis.place(number, area.left, area.right); };
  if (std::isfinite(value.low) && std::isfinite(value.high))
    frame.canvas().line({at(value.low), y}, {at(value.high), y}, {.tone = tone, .width = 2});
  frame.canvas().dot({at(value.value), y}, 3.5, tone);
}

/// @return how many values are missing
std::size_t draw_row(PlotFrame& frame, const RowPlot& plot, std::size_t row, const Axis& axis,
                     double row_height) {
  const Rectangle& area = frame.area();
  const double top = area.top + static_cast<double>(row) * row_height;
  frame.canvas().text({area.left - 8, top + row_height / 2 + 4},
                      fitted_text(plot.rows[row], kNameSize, kMostName),
                      {.size = kNameSize, .anchor = Anchor::kEnd});
  std::size_t missing = 0;
  for (std::size_t number = 0; number < plot.series.size(); ++number) {
    const RowPlot::Value& value = plot.series[number].values[row];
    if (!std::isfinite(value.value)) {
      ++missing;
      continue;
    }
    const std::string& series = plot.series[number].name;
    frame.canvas().begin_hint(plot.rows[row] + (series.empty() ? "" : ", " + series) + ": " +
                              shown_interval(value.value, value.low, value.high));
    draw_value(frame, value, axis, top + 10 + kSeriesHeight * static_cast<double>(number),
               series_tone(number));
    frame.canvas().end_hint();
  }
  return missing;
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

}  // namespace

std::string row_plot(const RowPlot& plot) {
  for (const RowPlot::Series& series : plot.series)
    if (series.values.size() != plot.rows.size())
      throw InternalError("a row plot with another number of values than rows", plot.text.title);
  const Layout place = layout(plot);
  const ValueRange range = range_of(plot);
  const Axis axis = nice_axis(range.low, range.high, 4);
  const double height = std::max(40.0, place.row_height * static_cast<double>(plot.rows.size()));
  PlotFrame frame(plot.text, legend_of(plot), {.left = place.left, .height = height});
  frame.x_axis(axis, true);
  draw_levels(frame, plot, axis);
  std::size_t missing = 0;
  for (std::size_t row = 0; row < plot.rows.size(); ++row)
    missing += draw_row(frame, plot, row, axis, place.row_height);
  if (missing == plot.rows.size() * plot.series.size()) frame.nothing_note();
  frame.missing_note(missing);
  return frame.finish();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/matrix_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intr/attention/svg_text.h"
#include "intr/core/error.h"

namespace intr {

namespace {

constexpr double kRowHeight = 22, kNameSize = 11, kLeast = 27, kMost = 46, kMostName = 130;
constexpr double kDarkest = 0.7;  // ink on it is still read with a contrast above 4.5 to 1

struct Cells {
  double left = 0, width = 0;
};

Cells layout(const MatrixPlot& plot) {
  double left = 24;
  for (const std::string& row : plot.rows)
    left = std::max(left, std::min(text_width(row, kNameSize), kMostName) + 14);
  const double count = static_cast<double>(std::max<std::size_t>(plot.columns.size(), 1));
  return {left, std::clamp((kPlotWidth - left - 12) / count, kLeast, kMost)};
}

std::string shown_share(double value) {
  if (!std::isfinite(value)) return "\xE2\x80\x93";
  return fmt::format("{:.{}f}", value,
                     std::abs(value) < 9.995   ? 2
                     : std::abs(value) < 99.95 ? 1
                                               : 0);
}

void draw_row(PlotFrame& frame, const MatrixPlot& plot, std::size_t row, double width) {
  const Rectangle& area = frame.area();
  SvgCanvas& canvas = frame.canvas();
  const double top = area.top + static_cast<double>(row) * kRowHeight;
  canvas.text({area.left - 7, top + 15}, fitted_text(plot.rows[row], kNameSize, kMostName),
              {.size = kNameSize, .anchor = Anchor::kEnd});
  for (std::size_t column = 0; column < plot.columns.size(); ++column) {
    const double left = area.left + static_cast<double>(column) * width;
    const double value = plot.values[row * plot.columns.size() + column];
    canvas.begin_hint(
        fmt::format("{}, {}: {}", plot.rows[row], plot.columns[column], shown_number(value)));
    const double share =
        std::isfinite(value) && plot.high > 0 ? std::clamp(value / plot.high, 0.0, 1.0) : 0;
    canvas.rectangle({left + 0.5, top + 0.5, left + width - 0.5, top + kRowHeight - 0.5},
                     Tone::kHeat, kDarkest * share);
    canvas.text({left + width / 2, top + 15}, shown_share(value),
                {.size = 10,
                 .anchor = Anchor::kMiddle,
                 .tone = std::isfinite(value) ? Tone::kInk : Tone::kPale});
    canvas.end_hint();
  }
}

}  // namespace

std::string matrix_plot(const MatrixPlot& plot) {
  if (plot.values.size() != plot.rows.size() * plot.columns.size())
    throw InternalError("a matrix plot with another number of values than cells", plot.text.title);
  const Cells cells = layout(plot);
  const double wide = cells.width * static_cast<double>(plot.columns.size());
  const bool empty = plot.values.empty();
  const double tall = empty ? 60 : kRowHeight * static_cast<double>(plot.rows.size());
  const bool narrow = cells.left + wide + 12 < kPlotWidth;
  PlotFrame frame(plot.text, {},
                  {.left = cells.left,
                   .height = tall,
                   .width = narrow ? kPlotWidth : cells.left + wide + 12,
                   .area_width = wide});
  for (std::size_t row = 0; row < plot.rows.size() && !empty; ++row)
    draw_row(frame, plot, row, cells.width);
  if (empty)
    frame.nothing_note();
  else
    frame.x_names(plot.columns);
  frame.missing_note(static_cast<std::size_t>(
      std::ranges::count_if(plot.values, [](double value) { return !std::isfinite(value); })));
  return frame.finish();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/reliability_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace intr {

namespace {

bool is_drawn(const CalibrationBin& bin) {
  return bin.n > 0 && std::isfinite(bin.confidence) && std::isfinite(bin.accuracy);
}

struct Interval {
  double low = 0, high = 0;
};

/// Wilson (1927): holds its level for shares near 0 and 1 too, where few samples are typical.
Interval wilson(double share, double count) {
  constexpr double kZ = 1.959963984540054;
  const double size = 1 + kZ * kZ / count;
  const double middle = (share + kZ * kZ / (2 * count)) / size;
  const double half =
      kZ * std::sqrt(share * (1 - share) / count + kZ * kZ / (4 * count * count)) / size;
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

std::string hint_of(const CalibrationBin& bin) {
  return fmt::format("{} to {}: {} samples, confidence {}, accuracy {}", shown_number(bin.low),
                     shown_number(bin.high), bin.n, shown_number(bin.confidence),
                     shown_number(bin.accuracy));
}

void draw_share(PlotFrame& frame, const CalibrationBin& bin, const Axis& axis, double share) {
  const Rectangle& area = frame.area();
  const double left = axis.place(bin.low, area.left, area.right);
  const double right = axis.place(bin.high, area.left, area.right);
  frame.canvas().begin_hint(hint_of(bin));
  frame.canvas().rectangle(
      {left + 0.5, axis.place(share, area.bottom, area.top), right - 0.5, area.bottom},
      Tone::kLine);
  frame.canvas().end_hint();
}

void draw_accuracy(PlotFrame& frame, const CalibrationBin& bin, const Axis& axis) {
  const Rectangle& area = frame.area();
  const auto y = [&](double value) { return axis.place(value, area.bottom, area.top); };
  const double x = axis.place(bin.confidence, area.left, area.right);
  const Interval interval = wilson(bin.accuracy, static_cast<double>(bin.n));
  frame.canvas().begin_hint(hint_of(bin));
  frame.canvas().line({x, y(interval.low)}, {x, y(interval.high)},
                      {.tone = Tone::kFirst, .width = 1.5});
  frame.canvas().dot({x, y(bin.accuracy)}, 3.5, Tone::kFirst);
  frame.canvas().end_hint();
}

}  // namespace

std::string reliability_plot(const PlotText& text, std::span<const CalibrationBin> bins) {
  const std::array<LegendEntry, 3> legend = {
      LegendEntry{LegendEntry::Mark::kDot, Tone::kFirst, "accuracy, 95 % interval"},
      LegendEntry{LegendEntry::Mark::kBar, Tone::kLine, "share of the samples"},
      LegendEntry{LegendEntry::Mark::kDashed, Tone::kPale, "perfectly calibrated"}};
  const Axis axis = nice_axis(0, 1);
  PlotFrame frame(text, legend, {.left = left_margin(axis), .height = 220});
  frame.y_axis(axis);
  frame.x_axis(axis);
  double count = 0;
  for (const CalibrationBin& bin : bins)
    if (is_drawn(bin)) count += static_cast<double>(bin.n);
  for (const CalibrationBin& bin : bins)
    if (is_drawn(bin)) draw_share(frame, bin, axis, static_cast<double>(bin.n) / count);
  const Rectangle& area = frame.area();
  frame.canvas().line({area.left, area.bottom}, {area.right, area.top},
                      {.tone = Tone::kPale, .width = 1.5, .dashed = true});
  for (const CalibrationBin& bin : bins)
    if (is_drawn(bin)) draw_accuracy(frame, bin, axis);
  if (count == 0) frame.nothing_note();
  return frame.finish();
}

}  // namespace intr

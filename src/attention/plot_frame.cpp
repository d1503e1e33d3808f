// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/plot_frame.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "intr/attention/svg_text.h"

namespace intr {

namespace {

constexpr double kEdge = 6, kTitleSize = 14, kLabelSize = 11, kLineHeight = 15;
constexpr double kMarkWidth = 18, kRightEdge = 12;

void draw_mark(SvgCanvas& canvas, const LegendEntry& entry, Spot at) {
  const double middle = at.x + 6;
  switch (entry.mark) {
    case LegendEntry::Mark::kBar:
      canvas.rectangle({at.x, at.y - 5, at.x + 12, at.y + 5}, entry.tone);
      break;
    case LegendEntry::Mark::kLine:
    case LegendEntry::Mark::kDashed:
      canvas.line(
          {at.x, at.y}, {at.x + 13, at.y},
          {.tone = entry.tone, .width = 2, .dashed = entry.mark == LegendEntry::Mark::kDashed});
      break;
    case LegendEntry::Mark::kDot:
      canvas.dot({middle, at.y}, 4, entry.tone);
      break;
    case LegendEntry::Mark::kCross:
      canvas.stroke(
          fmt::format("M{0} {1}l6 6m0 -6l-6 6", svg_number(middle - 3), svg_number(at.y - 3)),
          {.tone = entry.tone, .width = 1.5});
      break;
  }
}

/// The least k such that every k-th name stands clear of the next one.
std::size_t names_apart(std::span<const double> widths, double band) {
  constexpr double kGap = 4;
  for (std::size_t every = 1; every < widths.size(); ++every) {
    bool apart = true;
    for (std::size_t at = every; at < widths.size(); at += every)
      apart &= (widths[at - every] + widths[at]) / 2 + kGap <= static_cast<double>(every) * band;
    if (apart) return every;
  }
  return widths.size();
}

}  // namespace

PlotFrame::PlotFrame(PlotText text, std::span<const LegendEntry> legend, const Size& size)
    : text_(std::move(text)), width_(size.width) {
  for (const std::string& line : wrapped_text(text_.title, kTitleSize, width_ - 2 * kEdge)) {
    end_ += kTitleSize + 5;
    canvas_.text({kEdge, end_}, line, {.size = kTitleSize, .bold = true});
  }
  end_ += 4;
  draw_legend(legend);
  for (const std::string& line : wrapped_text(text_.y_label, kLabelSize, width_ - 2 * kEdge)) {
    end_ += kLineHeight;
    canvas_.text({kEdge, end_}, line, {.size = kLabelSize, .tone = Tone::kPale});
  }
  end_ += text_.y_label.empty() ? 10 : 13;
  const double right = size.area_width > 0 ? size.left + size.area_width : width_ - kRightEdge;
  area_ = {size.left, end_, right, end_ + size.height};
  end_ = area_.bottom;
  if (!text_.note.empty()) notes_.push_back(text_.note);
}

void PlotFrame::draw_legend(std::span<const LegendEntry> legend) {
  if (legend.empty()) return;
  end_ += kLineHeight;
  double x = kEdge;
  for (const LegendEntry& entry : legend) {
    const std::string name = fitted_text(entry.name, kLabelSize, width_ - 2 * kEdge - kMarkWidth);
    const double wide = kMarkWidth + text_width(name, kLabelSize);
    if (x > kEdge && x + wide > width_ - kEdge) {
      x = kEdge;
      end_ += kLineHeight;
    }
    draw_mark(canvas_, entry, {x, end_ - 4});
    canvas_.text({x + kMarkWidth, end_}, name, {.size = kLabelSize});
    x += wide + 12;
  }
}

void PlotFrame::y_axis(const Axis& axis) {
  for (const double tick : axis.ticks) {
    const double y = axis.place(tick, area_.bottom, area_.top);
    canvas_.line({area_.left, y}, {area_.right, y}, {.tone = Tone::kLine});
    canvas_.text({area_.left - 5, y + 4}, axis.label(tick),
                 {.size = kLabelSize, .anchor = Anchor::kEnd, .tone = Tone::kPale});
  }
}

void PlotFrame::x_axis(const Axis& axis, bool grid) {
  end_ = area_.bottom + kLineHeight;
  for (const double tick : axis.ticks) {
    const double x = axis.place(tick, area_.left, area_.right);
    canvas_.line({x, grid ? area_.top : area_.bottom}, {x, area_.bottom + (grid ? 0 : 4)},
                 {.tone = Tone::kLine});
    const std::string label = axis.label(tick);
    const double half = text_width(label, kLabelSize) / 2;
    canvas_.text({std::min(x, width_ - 2 - half), end_}, label,
                 {.size = kLabelSize, .anchor = Anchor::kMiddle, .tone = Tone::kPale});
  }
}

double PlotFrame::band_middle(std::size_t number, std::size_t count) const {
  return area_.left +
         area_.width() * (static_cast<double>(number) + 0.5) / static_cast<double>(count);
}

void PlotFrame::x_names(std::span<const std::string> names) {
  if (names.empty()) return;
  std::vector<double> widths;
  for (const std::string& name : names) widths.push_back(text_width(name, kLabelSize));
  const double band = area_.width() / static_cast<double>(names.size());
  const std::size_t every = names_apart(widths, band);
  if (every > 1 && std::ranges::max(widths) > 50) return turned_names(names);
  end_ = area_.bottom + kLineHeight;
  for (std::size_t number = 0; number < names.size(); number += every)
    canvas_.text({band_middle(number, names.size()), end_}, names[number],
                 {.size = kLabelSize, .anchor = Anchor::kMiddle, .tone = Tone::kPale});
}

void PlotFrame::turned_names(std::span<const std::string> names) {
  const double band = area_.width() / static_cast<double>(names.size());
  const auto every = static_cast<std::size_t>(std::ceil((kLabelSize + 2) / band));
  double longest = 0;
  for (std::size_t number = 0; number < names.size(); number += std::max<std::size_t>(every, 1)) {
    const double x = band_middle(number, names.size()) + 4, y = area_.bottom + 11;
    const double room = std::min(110.0, (x - 4) * std::numbers::sqrt2);
    const std::string name = fitted_text(names[number], kLabelSize, room);
    longest = std::max(longest, text_width(name, kLabelSize));
    canvas_.turned_text({x, y}, name,
                        {.size = kLabelSize, .anchor = Anchor::kEnd, .tone = Tone::kPale});
  }
  end_ = area_.bottom + 14 + longest / std::numbers::sqrt2;
}

void PlotFrame::level(const Level& level, const Axis& y, Tone tone) {
  if (!std::isfinite(level.value)) return;
  const double place = y.place(level.value, area_.bottom, area_.top);
  canvas_.begin_hint(level.name + ": " + shown_number(level.value));
  canvas_.line({area_.left, place}, {area_.right, place},
               {.tone = tone, .width = 1.5, .dashed = true});
  canvas_.end_hint();
}

void PlotFrame::note(std::string text) { notes_.push_back(std::move(text)); }

void PlotFrame::missing_note(std::size_t count) {
  if (count > 0) note(fmt::format("{} missing value{} left out.", count, count == 1 ? "" : "s"));
}

void PlotFrame::nothing_note() {
  canvas_.text({(area_.left + area_.right) / 2, (area_.top + area_.bottom) / 2 + 4},
               "no values to show", {.anchor = Anchor::kMiddle, .tone = Tone::kPale});
}

std::string PlotFrame::finish() {
  for (const std::string& line : wrapped_text(text_.x_label, kLabelSize, width_ - 2 * kEdge)) {
    end_ += kLineHeight + 2;
    const double last = width_ - kEdge - text_width(line, kLabelSize) / 2;
    canvas_.text({std::min((area_.left + area_.right) / 2, last), end_}, line,
                 {.size = kLabelSize, .anchor = Anchor::kMiddle, .tone = Tone::kPale});
  }
  if (!notes_.empty()) end_ += 4;
  for (const std::string& note : notes_)
    for (const std::string& line : wrapped_text(note, kLabelSize, width_ - 2 * kEdge)) {
      end_ += kLineHeight;
      canvas_.text({kEdge, end_}, line, {.size = kLabelSize, .tone = Tone::kPale});
    }
  return canvas_.finish(width_, end_ + 8, text_.title);
}

double left_margin(const Axis& axis) {
  double widest = 0;
  for (const double tick : axis.ticks)
    widest = std::max(widest, text_width(axis.label(tick), kLabelSize));
  return std::max(24.0, widest + kEdge + 6);
}

std::string shown_interval(double value, double low, double high) {
  if (!std::isfinite(low) || !std::isfinite(high)) return shown_number(value);
  return fmt::format("{} ({} to {})", shown_number(value), shown_number(low), shown_number(high));
}

}  // namespace intr

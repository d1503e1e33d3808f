// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "intr/attention/svg_axis.h"
#include "intr/attention/svg_canvas.h"

namespace intr {

/// The words around a plot; each may be empty.
struct PlotText {
  std::string title;
  std::string x_label;  ///< below the axis
  std::string y_label;  ///< above the axis
  std::string note;     ///< below everything
};

/// What a mark of a plot stands for.
struct LegendEntry {
  enum class Mark { kBar, kLine, kDashed, kDot, kCross };
  Mark mark = Mark::kBar;
  Tone tone = Tone::kInk;
  std::string name;
};

/// A constant to compare with: a dashed line. NaN: none.
struct Level {
  std::string name;
  double value = 0;
};

/// Pixels of the pictures; pages scale them. Text stays readable on a screen of this width.
constexpr double kPlotWidth = 360;

/// Paper with title, legend and notes around an area to draw in.
class PlotFrame {
 public:
  struct Size {
    double left = 40;     ///< pixels beside the area, for numbers or names
    double height = 190;  ///< of the area
    double width = kPlotWidth;
    double area_width = 0;  ///< 0: as far as the paper goes
  };
  PlotFrame(PlotText text, std::span<const LegendEntry> legend, const Size& size);

  SvgCanvas& canvas() { return canvas_; }
  const Rectangle& area() const { return area_; }
  /// Numbers at the left side of the area, with lines across it.
  void y_axis(const Axis& axis);
  /// Numbers below the area.
  void x_axis(const Axis& axis, bool grid = false);
  /// Names below as many equal bands; some are left out, turned or cut where there is no room.
  void x_names(std::span<const std::string> names);
  /// Middle of a band of x_names.
  double band_middle(std::size_t number, std::size_t count) const;
  /// A dashed line across the area.
  void level(const Level& level, const Axis& y, Tone tone = Tone::kInk);
  /// One more line of small text below.
  void note(std::string text);
  /// Notes that so many values were missing, if there are any.
  void missing_note(std::size_t count);
  /// Says in the middle of the area that there is nothing to show.
  void nothing_note();
  std::string finish();

 private:
  void draw_legend(std::span<const LegendEntry> legend);
  void turned_names(std::span<const std::string> names);

  PlotText text_;
  double width_;
  double end_ = 0;  ///< of what was drawn so far
  Rectangle area_;
  SvgCanvas canvas_;
  std::vector<std::string> notes_;
};

/// Pixels that the numbers of an axis at the left need.
double left_margin(const Axis& axis);

/// "0.412 (0.398 to 0.427)"; without brackets if there is no interval.
std::string shown_interval(double value, double low, double high);

}  // namespace intr

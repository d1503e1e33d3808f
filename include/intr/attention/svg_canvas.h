// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace intr {

/// What a color means. Each has a value that is right on white paper and a class, such as
/// "f-first" for what is filled and "s-first" for what is drawn, by which a page may change it.
enum class Tone { kInk, kPale, kLine, kHeat, kBar, kFirst, kSecond, kThird, kFourth };

/// The tone of a series of a plot; they repeat.
Tone series_tone(std::size_t number);

/// A place in pixels; y grows downward.
struct Spot {
  double x = 0, y = 0;
};

/// A rectangle in pixels.
struct Rectangle {
  double left = 0, top = 0, right = 0, bottom = 0;
  double width() const { return right - left; }
  double height() const { return bottom - top; }
};

enum class Anchor { kStart, kMiddle, kEnd };

struct TextStyle {
  double size = 12;
  Anchor anchor = Anchor::kStart;
  Tone tone = Tone::kInk;
  bool bold = false;
};

struct Stroke {
  Tone tone = Tone::kInk;
  double width = 1;
  bool dashed = false;
  bool round = false;  ///< ends; a line of no length is then a dot
  double opacity = 1;
};

/// A coordinate with one decimal, as short as it goes.
std::string svg_number(double value);

/// Collects shapes and makes an SVG of them. Same shapes, same bytes. Texts are data: escaped.
class SvgCanvas {
 public:
  void text(Spot at, std::string_view text, const TextStyle& style);
  /// Text that rises by 45 degrees around its anchor.
  void turned_text(Spot at, std::string_view text, const TextStyle& style);
  /// @param path in SVG's path language
  void stroke(std::string_view path, const Stroke& style);
  void line(Spot from, Spot to, const Stroke& style);
  void fill(std::string_view path, Tone tone, double opacity);
  void rectangle(const Rectangle& place, Tone tone, double opacity = 1);
  void dot(Spot at, double radius, Tone tone);
  /// What follows until end_hint() shows this text under the mouse.
  void begin_hint(std::string_view text);
  void end_hint();
  /// The whole picture on white paper.
  /// @param title  what it shows, for those who hear it
  std::string finish(double width, double height, std::string_view title) const;

 private:
  std::string shapes_;
};

}  // namespace intr

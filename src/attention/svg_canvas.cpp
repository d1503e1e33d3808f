// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/svg_canvas.h"

#include <fmt/format.h>

#include <array>

#include "intr/attention/svg_text.h"

namespace intr {

namespace {

struct ToneName {
  std::string_view name, value;
};

ToneName name_of(Tone tone) {
  switch (tone) {
    case Tone::kInk:
      return {"ink", "#1c2024"};
    case Tone::kPale:
      return {"pale", "#5c646c"};
    case Tone::kLine:
      return {"line", "#dddad4"};
    case Tone::kHeat:
      return {"heat", "#2b5fa8"};
    case Tone::kBar:
      return {"bar", "#5f9fbd"};
    case Tone::kFirst:
      return {"first", "#0b6e99"};
    case Tone::kSecond:
      return {"second", "#c2571a"};
    case Tone::kThird:
      return {"third", "#5a8f29"};
    case Tone::kFourth:
      return {"fourth", "#7a4fa3"};
  }
  return {"ink", "#1c2024"};
}

std::string filled(Tone tone) {
  const ToneName found = name_of(tone);
  return fmt::format("class=\"f-{}\" fill=\"{}\"", found.name, found.value);
}

std::string opacity_of(std::string_view kind, double opacity) {
  return opacity < 1 ? fmt::format(" {}-opacity=\"{:.2f}\"", kind, opacity) : std::string();
}

std::string_view anchor_of(Anchor anchor) {
  if (anchor == Anchor::kStart) return "";
  return anchor == Anchor::kMiddle ? " text-anchor=\"middle\"" : " text-anchor=\"end\"";
}

std::string text_element(Spot at, std::string_view text, const TextStyle& style,
                         std::string_view turn) {
  return fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\"{}{}{} {}>{}</text>\n",
                     svg_number(at.x), svg_number(at.y), svg_number(style.size),
                     anchor_of(style.anchor), style.bold ? " font-weight=\"600\"" : "", turn,
                     filled(style.tone), markup_text(text));
}

}  // namespace

Tone series_tone(std::size_t number) {
  constexpr std::array kTones = {Tone::kFirst, Tone::kSecond, Tone::kThird, Tone::kFourth};
  return kTones[number % kTones.size()];
}

std::string svg_number(double value) {
  std::string shown = fmt::format("{:.1f}", value);
  if (shown.ends_with(".0")) shown.resize(shown.size() - 2);
  return shown == "-0" ? "0" : shown;
}

void SvgCanvas::text(Spot at, std::string_view text, const TextStyle& style) {
  shapes_ += text_element(at, text, style, "");
}

void SvgCanvas::turned_text(Spot at, std::string_view text, const TextStyle& style) {
  shapes_ += text_element(
      at, text, style,
      fmt::format(" transform=\"rotate(-45 {} {})\"", svg_number(at.x), svg_number(at.y)));
}

void SvgCanvas::stroke(std::string_view path, const Stroke& style) {
  const ToneName tone = name_of(style.tone);
  shapes_ += fmt::format(
      "<path d=\"{}\" class=\"s-{}\" stroke=\"{}\" fill=\"none\" stroke-width=\"{}\"{}{}{}/>\n",
      path, tone.name, tone.value, svg_number(style.width),
      style.dashed ? " stroke-dasharray=\"5 3\"" : "",
      style.round ? " stroke-linecap=\"round\" stroke-linejoin=\"round\"" : "",
      opacity_of("stroke", style.opacity));
}

void SvgCanvas::line(Spot from, Spot to, const Stroke& style) {
  stroke(fmt::format("M{} {}L{} {}", svg_number(from.x), svg_number(from.y), svg_number(to.x),
                     svg_number(to.y)),
         style);
}

void SvgCanvas::fill(std::string_view path, Tone tone, double opacity) {
  shapes_ +=
      fmt::format("<path d=\"{}\" {}{}/>\n", path, filled(tone), opacity_of("fill", opacity));
}

void SvgCanvas::rectangle(const Rectangle& place, Tone tone, double opacity) {
  shapes_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" {}{}/>\n",
                         svg_number(place.left), svg_number(place.top), svg_number(place.width()),
                         svg_number(place.height()), filled(tone), opacity_of("fill", opacity));
}

void SvgCanvas::dot(Spot at, double radius, Tone tone) {
  shapes_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>\n", svg_number(at.x),
                         svg_number(at.y), svg_number(radius), filled(tone));
}

void SvgCanvas::begin_hint(std::string_view text) {
  shapes_ += fmt::format("<g><title>{}</title>\n", markup_text(text));
}

void SvgCanvas::end_hint() { shapes_ += "</g>\n"; }

std::string SvgCanvas::finish(double width, double height, std::string_view title) const {
  constexpr double kSmallScreen = 400;
  // On a small screen a wide picture is moved about, not shrunk until nobody can read it.
  const std::string least =
      width > kSmallScreen ? fmt::format(" style=\"min-width:{:.0f}px\"", width) : std::string();
  // Half as large again where nothing gives it a size: text is 18 pixels then.
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"plot\" role=\"img\" viewBox=\"0 0 {0} "
      "{1}\" width=\"{2}\" height=\"{3}\"{5} font-family=\"system-ui, -apple-system, 'Segoe UI', "
      "Roboto, 'Helvetica Neue', Arial, sans-serif\">\n<title>{4}</title>\n<rect class=\"f-paper\" "
      "width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n{6}</svg>\n",
      svg_number(width), svg_number(height), svg_number(width * 1.5), svg_number(height * 1.5),
      markup_text(title), least, shapes_);
}

}  // namespace intr

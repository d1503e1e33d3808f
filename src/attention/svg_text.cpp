// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/svg_text.h"

#include <algorithm>

#include "intr/core/utf8.h"

namespace intr {

namespace {

constexpr std::string_view kUnknown = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

bool fits_xml(char32_t point) {
  if (point < 0x20) return point == '\t' || point == '\n' || point == '\r';
  return point != 0x7F && point != 0xFFFE && point != 0xFFFF;
}

/// Widths after DejaVu Sans, the widest of the fonts that stand behind "sans-serif".
double width_in_em(char32_t point) {
  constexpr std::string_view kNarrow = " .,:;'|!fijltrI()[]/-";
  if (point >= 0x1100) return point >= 0x2000 && point < 0x2E80 ? 0.7 : 1.0;
  if (point >= 0x80) return 0.65;
  const char c = static_cast<char>(point);
  if (kNarrow.find(c) != std::string_view::npos) return 0.38;
  if (c == 'm' || c == 'w' || c == 'M' || c == 'W' || c == '@' || c == '%') return 0.95;
  return c >= 'A' && c <= 'Z' ? 0.70 : 0.61;
}

/// One character at a byte, whatever stands there.
CodePoint character(std::string_view text, std::size_t at) {
  const CodePoint found = decode_utf8(text, at);
  return found.length > 0 ? found : CodePoint{.value = 0xFFFD, .length = 1};
}

}  // namespace

std::string markup_text(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_utf8(text, at);
    const std::size_t length = std::max<std::size_t>(point.length, 1);
    if (point.length == 0 || !fits_xml(point.value))
      escaped += kUnknown;
    else if (point.value == '<')
      escaped += "&lt;";
    else if (point.value == '>')
      escaped += "&gt;";
    else if (point.value == '&')
      escaped += "&amp;";
    else if (point.value == '"')
      escaped += "&quot;";
    else if (point.value == '\'')
      escaped += "&#39;";
    else
      escaped += text.substr(at, length);
    at += length;
  }
  return escaped;
}

double text_width(std::string_view text, double font_size) {
  double em = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = character(text, at);
    em += width_in_em(point.value);
    at += point.length;
  }
  return em * font_size;
}

std::string fitted_text(std::string_view text, double font_size, double width) {
  if (text_width(text, font_size) <= width) return std::string(text);
  const double room = width - text_width(kEllipsis, font_size);
  std::size_t end = 0;
  for (double used = 0; end < text.size();) {
    const CodePoint point = character(text, end);
    used += width_in_em(point.value) * font_size;
    if (used > room) break;
    end += point.length;
  }
  return std::string(text.substr(0, end)) + std::string(kEllipsis);
}

std::vector<std::string> wrapped_text(std::string_view text, double font_size, double width) {
  std::vector<std::string> lines;
  std::string line;
  const auto finish_line = [&] {
    if (!line.empty()) lines.push_back(fitted_text(line, font_size, width));
    line.clear();
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word(text.substr(at, end - at));
    const double blank = text_width(" ", font_size);
    const double longer = text_width(line, font_size) + blank + text_width(word, font_size);
    if (!line.empty() && longer > width) finish_line();
    if (!word.empty()) line.append(line.empty() ? "" : " ").append(word);
    at = end + 1;
  }
  finish_line();
  return lines;
}

}  // namespace intr

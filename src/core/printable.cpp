// SPDX-License-Identifier: Apache-2.0
#include "intr/core/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "intr/core/error.h"
#include "intr/core/utf8.h"

namespace intr {
namespace {

/// Marks that turn the direction of text could hide what a name says.
bool turns_direction(char32_t c) {
  return c == 0x200E || c == 0x200F || (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

bool is_printable(char32_t c) {
  return c >= 0x20 && !(c >= 0x7F && c < 0xA0) && c != U'%' && !turns_direction(c);
}

}  // namespace

std::string printable(const std::string& bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint decoded = decode_utf8(bytes, at);
    if (decoded.length > 0 && is_printable(decoded.value)) {
      text.append(bytes, at, decoded.length);
      at += decoded.length;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(bytes[at++]));
    }
  }
  return text;
}

std::string quoted_name(const std::string& bytes) {
  constexpr std::size_t kLongest = 120;
  const bool cut = bytes.size() > kLongest;
  return fmt::format("\"{}{}\"", printable(bytes.substr(0, kLongest)), cut ? "…" : "");
}

std::string from_printable(const std::string& text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      bytes += text[at];
      continue;
    }
    unsigned value = 0;
    const char* first = text.data() + at + 1;
    const char* last = text.data() + std::min(text.size(), at + 3);
    if (last - first != 2 || std::from_chars(first, last, value, 16).ptr != last)
      throw DataError("a percent sign without two hexadecimal digits", text);
    bytes += static_cast<char>(value);
    at += 2;
  }
  return bytes;
}

std::u32string code_points(const std::string& bytes) {
  std::u32string result;
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint decoded = decode_utf8(bytes, at);
    if (decoded.length > 0) {
      result += decoded.value;
      at += decoded.length;
    } else {
      result += static_cast<char32_t>(0xDC00u + static_cast<unsigned char>(bytes[at++]));
    }
  }
  return result;
}

bool code_point_less(const std::string& a, const std::string& b) {
  return code_points(a) < code_points(b);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "intr/core/error.h"

namespace intr {
namespace {

struct Decoded {
  char32_t code_point = 0;
  std::size_t length = 0;  ///< bytes; 0 if the first byte begins no valid sequence
};

/// One code point of strict UTF-8: no overlong forms, no surrogates.
Decoded decode(const std::string& bytes, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned first = byte(at);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || at + length > bytes.size()) return {};
  char32_t value = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const unsigned next = byte(at + i);
    if ((next & 0xC0u) != 0x80u) return {};
    value = (value << 6) | (next & 0x3Fu);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {value, length};
}

bool is_printable(char32_t c) { return c >= 0x20 && !(c >= 0x7F && c < 0xA0) && c != U'%'; }

}  // namespace

std::string printable(const std::string& bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    const Decoded decoded = decode(bytes, at);
    if (decoded.length > 0 && is_printable(decoded.code_point)) {
      text.append(bytes, at, decoded.length);
      at += decoded.length;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(bytes[at++]));
    }
  }
  return text;
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
    const Decoded decoded = decode(bytes, at);
    if (decoded.length > 0) {
      result += decoded.code_point;
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

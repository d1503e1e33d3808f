// SPDX-License-Identifier: Apache-2.0
#include "preprocess/numbered_lines.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"

namespace intr {

NumberedLines::NumberedLines(std::string path, std::size_t fields) : path_(std::move(path)) {
  const std::string text = read_file(path_);
  std::int64_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view rest(text.data() + at, end - at);
    at = end + 1;
    ++number;
    if (rest.ends_with('\r')) rest.remove_suffix(1);
    if (rest.empty()) continue;
    Line line{number, {}};
    while (line.fields.size() + 1 < fields) {
      const std::size_t space = rest.find(' ');
      if (space == rest.npos) break;
      line.fields.emplace_back(rest.substr(0, space));
      rest.remove_prefix(space + 1);
    }
    if (!rest.empty()) line.fields.emplace_back(rest);
    if (line.fields.size() != fields)
      refuse(line, fmt::format("has {} fields, {} are needed", line.fields.size(), fields));
    lines_.push_back(std::move(line));
  }
}

std::int64_t NumberedLines::whole(const Line& line, std::size_t field, std::int64_t low,
                                  std::int64_t high) const {
  const std::string& text = line.fields.at(field);
  std::int64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || value < low || value > high)
    refuse(line, fmt::format("'{}' is no whole number from {} to {}", printable(text), low, high));
  return value;
}

float NumberedLines::number(const Line& line, std::size_t field) const {
  const std::string& text = line.fields.at(field);
  float value = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || !std::isfinite(value))
    refuse(line, fmt::format("'{}' is no number", printable(text)));
  return value;
}

void NumberedLines::refuse(const Line& line, const std::string& what) const {
  throw DataError(fmt::format("line {}: {}", line.number, what), printable(path_),
                  "correct the file, or fetch the data set again");
}

void NumberedLines::refuse(const std::string& what) const {
  throw DataError(what, printable(path_), "correct the file, or fetch the data set again");
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/csv.h"

#include <fmt/format.h>

#include <cmath>

namespace intr {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string csv_field(double value) {
  return std::isnan(value) ? "nan" : fmt::format("{:.9g}", value);
}

}  // namespace intr

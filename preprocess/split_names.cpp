// SPDX-License-Identifier: Apache-2.0
#include "preprocess/split_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "intr/core/error.h"
#include "intr/core/printable.h"

namespace intr {

bool is_split_name(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

std::vector<std::string> parse_split_names(const std::string& flag, const std::string& text) {
  std::vector<std::string> names;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    if (!is_split_name(part) || std::find(names.begin(), names.end(), part) != names.end())
      throw UsageError(fmt::format("'{}' is no split name, or stands there twice", printable(part)),
                       flag, "use letters, digits, '_' and '-', as in train,val");
    names.push_back(part);
  }
  if (names.empty()) throw UsageError("names no split", flag, "write train,val");
  return names;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/data/class_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/io/atomic_file.h"

namespace intr {

std::vector<std::string> read_class_file(const std::string& path) {
  const std::string text = read_file(path);
  std::vector<std::string> names;
  std::set<std::string> seen;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string name = text.substr(at, end - at);
    if (!name.empty() && name.back() == '\r') name.pop_back();
    at = end + 1;
    if (name.empty() || !seen.insert(name).second)
      throw DataError(fmt::format("line {}: '{}' is empty or stands there twice", names.size() + 1,
                                  printable(name)),
                      path, "write one class name a line");
    names.push_back(name);
  }
  if (names.empty()) throw DataError("holds no class name", path, "write one class name a line");
  return names;
}

}  // namespace intr

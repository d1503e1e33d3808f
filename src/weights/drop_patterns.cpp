// SPDX-License-Identifier: Apache-2.0
#include "drop_patterns.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include "intr/core/error.h"
#include "intr/core/printable.h"

namespace intr {

DropPatterns::DropPatterns(const std::vector<std::string>& patterns) {
  for (const std::string& text : patterns) patterns_.push_back({text});
}

bool DropPatterns::matches(const std::string& name) {
  bool any = false;
  for (Pattern& pattern : patterns_) {
    if (::fnmatch(pattern.text.c_str(), name.c_str(), 0) != 0) continue;
    pattern.used = true;
    any = true;
  }
  return any;
}

bool DropPatterns::drops(const std::string& name) {
  if (patterns_.empty()) return false;
  bool any = matches(name);
  for (std::size_t slash = name.find('/'); slash != std::string::npos;
       slash = name.find('/', slash + 1))
    any = matches(name.substr(0, slash)) || any;
  return any;
}

void DropPatterns::require_all_used() const {
  for (const Pattern& pattern : patterns_)
    if (!pattern.used)
      throw UsageError(fmt::format("no name matches {}", quoted_name(pattern.text)), "--drop",
                       "intr-weights inspect lists the names; put patterns in quotes");
}

}  // namespace intr

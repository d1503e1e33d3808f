// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// A true class and the one that the model put first.
struct ClassPair {
  std::int32_t label = -1, predicted = -1;
  bool operator==(const ClassPair&) const = default;
};

/// "TRUE,PREDICTED", names or numbers. Names may hold commas: the text is cut where both halves are
/// classes.
/// @throws UsageError if there is no such place, naming near classes, or more than one
ClassPair find_class_pair(const std::vector<std::string>& classes, const std::string& text,
                          const std::string& flag);

}  // namespace intr

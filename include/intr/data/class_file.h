// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace intr {

/// Reads a class list: a name a line, in order of the classes' numbers.
/// @throws DataError for an empty or doubled name, or if there is none
std::vector<std::string> read_class_file(const std::string& path);

}  // namespace intr

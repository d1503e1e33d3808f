// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace intr {

/// Writes dumps into one ordinary file in sample-id order, atomically. Its bytes do not depend on
/// pieces, batch size or ranks.
/// @param dumps one, or several of different samples that agree in everything else
/// @throws UsageError if `file` is there already, or the dumps cannot be joined, naming the field;
/// DataError naming a sample that two of them hold
void merge_into(const std::vector<std::string>& dumps, const std::string& file);

}  // namespace intr

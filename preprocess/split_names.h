// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace intr {

/// Letters, digits, '_' and '-', at least one.
bool is_split_name(const std::string& name);
/// "train,val". @param flag for messages  @throws UsageError for what is no name or stands there
/// twice
std::vector<std::string> parse_split_names(const std::string& flag, const std::string& text);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "preprocess/picture_source.h"

namespace intr {

/// Which of the files found are packed. Sample ids stay as they were.
struct Selection {
  std::map<std::string, std::int64_t> limits;  ///< split -> samples at most
  std::uint64_t limit_seed = 0;
  std::string include_list;  ///< file with one path or SPLIT/path a line; empty: all
  std::string exclude_list;
};

/// "train=6000,val=2000". @throws UsageError
std::map<std::string, std::int64_t> parse_limits(const std::string& text);

/// Applies include, exclude, then the limits: the samples at the first positions of feistel8-v1
/// (epoch 0), in source order. @throws DataError for a listed path that no split has
void select_files(Listing& listing, const Selection& selection);

}  // namespace intr

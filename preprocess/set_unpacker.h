// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/io/output_tree.h"

namespace intr {

struct UnpackOptions {
  std::int64_t threads = 1;
  bool overwrite = false;  ///< replace files that have other bytes
  std::function<bool()> stop_requested = [] { return false; };
  std::function<void()> advance = [] {};  ///< after each sample, by one thread at a time
};

struct UnpackResult {
  std::int64_t written = 0;
  std::int64_t kept = 0;            ///< were there, with these bytes
  std::uint64_t bytes = 0;          ///< written
  std::vector<std::string> others;  ///< SPLIT/PATH of files with other bytes, in sample order
  bool stopped = false;
};

/// Writes the stored pictures of a split as SPLIT/PATH below a folder. Every record's hash is
/// checked. Files that are there already are kept; those with other bytes, too, unless `overwrite`.
/// @throws DataError if a record is damaged, a path leads out of the folder, or two different
/// samples have one path; EnvironmentError
UnpackResult unpack_split(const DataIndex& index, OutputTree& tree, const UnpackOptions& options);

}  // namespace intr

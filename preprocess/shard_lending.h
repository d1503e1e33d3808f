// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "preprocess/set_union.h"

namespace intr {

/// How shards of other sets get into a folder.
struct LendingOptions {
  bool link = false;  ///< hard links instead of copies
  std::int64_t threads = 1;
  std::function<bool()> stop_requested = [] { return false; };
};

/// Copies or links shards into a folder, each by rename; those that stand there already, whole, are
/// kept. Copies are compared with the hashes of the sets.
/// @return false if it was stopped on request
/// @throws DataError naming a shard that is not what its set says; EnvironmentError
bool lend_shards(const std::vector<SetUnion::Lent>& shards, const std::string& folder,
                 const LendingOptions& options);

}  // namespace intr

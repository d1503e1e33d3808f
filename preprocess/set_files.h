// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/manifest.h"
#include "preprocess/pack_report.h"

namespace intr {

/// Writes the index file of a split, whose samples stand in the shards one after the other.
/// @param manifest of the set, but for its splits
/// @return what the manifest says of the split
Manifest::Split write_split_index(const std::string& set, const PackedSplit& split,
                                  const std::vector<DataIndex::Shard>& shards,
                                  const Manifest& manifest);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "intr/data/data_index.h"

namespace intr {

/// {"min", "median", "mean", "max"} of many numbers; null if there are none. Of an even count the
/// median is the mean of the middle two.
nlohmann::ordered_json spread_of(std::vector<std::int64_t> numbers);

/// What the index says of a split: samples and bytes, samples a class, sizes, codecs, modes,
/// orientations, flags, annotations.
nlohmann::ordered_json split_statistics(const DataIndex& index);

}  // namespace intr

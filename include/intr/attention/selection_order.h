// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"

namespace intr {

/// Some of the rows, drawn without replacement: those with the smallest random keys, each a pure
/// function of the seed and the sample's id, so that a sample's chance depends on nothing else.
/// @return rows in the order given
std::vector<std::int64_t> draw_rows(const MapReader& reader, const std::vector<std::int64_t>& rows,
                                    std::int64_t count, std::int64_t seed);

/// Every k-th row, so that a few show the whole dump and not its first class. @param limit 0 = all
std::vector<std::int64_t> spread_rows(const std::vector<std::int64_t>& rows, std::int64_t limit);

/// The rows by "id", or by "margin" or "probability" of the predicted class, doubtful samples
/// first; equal ones by id. @throws UsageError for another word
std::vector<std::int64_t> sorted_rows(const MapReader& reader, std::vector<std::int64_t> rows,
                                      const std::string& by);

}  // namespace intr

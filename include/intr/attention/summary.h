// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>

#include "intr/attention/map_reader.h"

namespace intr {

/// One line per sample: id, path, true, predicted, right, rank, probability, margin, picture (RFC
/// 4180; numbers with as many digits as tell floats apart).
/// @param picture_of path of a sample's picture for the last column, or ""
std::string summary_csv(const MapReader& reader, std::span<const std::int64_t> rows,
                        const std::function<std::string(const DumpSample&)>& picture_of);

/// Samples, labeled ones, hits, accuracy, and pairs of classes that were mixed up, most frequent
/// first.
nlohmann::ordered_json summary_json(const MapReader& reader, std::span<const std::int64_t> rows);

}  // namespace intr

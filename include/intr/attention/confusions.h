// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/score_summary.h"

namespace intr {

/// Pairs of classes that were mixed up, most frequent first; equal counts by class numbers.
std::vector<Confusion> confusions_of(const MapReader& reader, std::span<const std::int64_t> rows);

}  // namespace intr

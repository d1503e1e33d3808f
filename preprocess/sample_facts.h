// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/data/data_index.h"

namespace intr {

// What the index knows of a sample, in words for people and programs.

/// Names of the flags that are set.
std::vector<std::string> flag_names(std::uint32_t flags);
/// "png"; "unknown" for a number that this program does not know.
std::string codec_word(std::uint8_t codec);
/// "RGB"; "unknown" likewise.
std::string mode_word(std::uint8_t mode);
/// The class of a row.
const std::string& class_of(const DataIndex& index, std::int64_t row);

/// Split, id, label, class and path.
nlohmann::ordered_json sample_identity(const DataIndex& index, std::int64_t row);
/// That, and the picture's size, bytes, codec, mode, orientation, flags and shard.
nlohmann::ordered_json sample_facts(const DataIndex& index, std::int64_t row);
/// All columns of a sample, annotations included; null where there is none.
nlohmann::ordered_json sample_columns_json(const DataIndex& index, std::int64_t row);

}  // namespace intr

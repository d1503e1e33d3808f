// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "intr/io/file_range.h"

namespace intr {

enum class WeightFormat : std::uint8_t { legacy, zip, safetensors, checkpoint };

/// "legacy torch stream", "torch zip file", "safetensors", "intr checkpoint".
std::string_view name_of(WeightFormat format);

/// What a file is, by its first bytes, never by its name.
/// @throws DataError saying what it is instead, if that can be told
WeightFormat weight_format(const InputFile& file);

}  // namespace intr

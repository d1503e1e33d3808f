// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "intr/weights/safetensors.h"

namespace intr {

/// What the JSON header of a safetensors file says. Offsets still count from the data.
struct SafetensorsHeader {
  std::vector<TensorEntry> entries;  ///< in the order of the header
  std::map<std::string, std::string> metadata;
};

/// Parses the header and checks everything in it that can be checked without the file's size: the
/// grammar, duplicate names and fields, types, and that each tensor's range is as long as its
/// shape.
/// @param where the file, for messages. @throws DataError
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> json,
                                           const WeightLimits& limits, const std::string& where);

}  // namespace intr

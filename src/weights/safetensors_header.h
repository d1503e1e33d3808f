// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intr/weights/tensor_table.h"
#include "intr/weights/weight_limits.h"

namespace intr {

/// A tensor of a safetensors header and its range, which counts from the data.
struct HeaderTensor {
  TensorEntry entry;
  std::uint64_t begin = 0;
  std::uint64_t bytes = 0;
};

/// What the JSON header of a safetensors file says.
struct SafetensorsHeader {
  std::vector<HeaderTensor> tensors;  ///< in the order of the header
  std::map<std::string, std::string> metadata;
};

/// How the format spells an element type: "BF16". @throws InternalError for DType::other
std::string_view safetensors_name(DType type);

/// Parses the header and checks everything in it that can be checked without the file's size: the
/// grammar, duplicate names and fields, types, and that each tensor's range is as long as its
/// shape.
/// @param where the file, for messages. @throws DataError
SafetensorsHeader parse_safetensors_header(std::span<const std::byte> json,
                                           const WeightLimits& limits, const std::string& where);

}  // namespace intr

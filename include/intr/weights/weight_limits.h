// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/core/option_set.h"

namespace intr {

/// What a weight file may ask for before it is refused.
struct WeightLimits {
  std::int64_t pickle_bytes = std::int64_t{64} << 20;
  std::int64_t opcodes = 20'000'000;
  std::int64_t stack = 1'000'000;
  std::int64_t marks = 10'000;
  std::int64_t memo = 1'000'000;      ///< largest memo index
  std::int64_t memo_gap = 1'024;      ///< indices beyond the number of entries
  std::int64_t text_bytes = 1 << 20;  ///< of one string
  std::int64_t nesting = 64;          ///< containers inside containers
  std::int64_t tensors = 100'000;
  std::int64_t leaves = 2'000'000;     ///< values and tensors, each as often as it is reached
  std::int64_t path_bytes = 64 << 20;  ///< of all their names together
  std::int64_t name_bytes = 8 << 20;   ///< of the names of all tensors together
  std::int64_t dimensions = 8;
  std::int64_t zip_entries = 200'000;
  std::int64_t zip_directory_bytes = std::int64_t{64} << 20;
  std::int64_t small_record_bytes = 1 << 20;  ///< of a zip record that is no tensor
  std::int64_t safetensors_header_bytes = 100'000'000;
  std::int64_t tensor_bytes = std::int64_t{8} << 30;  ///< of all tensors together, written out
};

/// Adds the group "Limits", `--max-…`: what a user may have to raise for an unusual file.
void describe(WeightLimits& limits, OptionSet& options);
/// @throws UsageError naming the option
void validate(const WeightLimits& limits);

}  // namespace intr

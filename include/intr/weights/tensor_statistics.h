// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "intr/weights/tensor_table.h"

namespace intr {

/// What a tensor's values are like. Minimum, maximum, mean and standard deviation are over finite
/// values; nothing if there is none.
struct TensorStatistics {
  std::optional<double> minimum = {};
  std::optional<double> maximum = {};
  std::optional<double> mean = {};
  std::optional<double> deviation = {};  ///< of the values themselves: divided by their number
  std::int64_t num_nan = 0;
  std::int64_t num_infinite = 0;
  std::uint64_t xxh3 = 0;  ///< XXH3-64 of the row-major bytes
};

/// @param bytes row-major values @param type not DType::other
TensorStatistics statistics_of(std::span<const std::byte> bytes, DType type);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "intr/image/resize_axis.h"

namespace intr {

/// Tables of the horizontal pass for windows of any number of pixels, taken in fours: each a load
/// of 16 source bytes, of which 12 are used.
struct WideTables {
  /// Weights of four neighbors: their low parts, then their high parts (SplitWeight).
  using Four = std::array<std::int16_t, 8>;
  std::size_t fours_per_pixel = 0;
  std::vector<Four> fours;            ///< [target pixel, fours_per_pixel]
  std::vector<std::int32_t> offsets;  ///< source byte where each target pixel's fours begin

  /// @return nothing if the row is too short for its loads
  static std::optional<WideTables> make(const ResizeAxis& axis);
};

}  // namespace intr

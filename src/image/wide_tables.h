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
  /// Where a target pixel's loads begin, in bytes of the source row: at its first source pixel, or
  /// kEarly bytes before, so that the last load does not leave the row.
  struct Begin {
    std::int32_t offset = 0;
    std::int32_t early = 0;  ///< 1 if before
  };
  static constexpr std::int32_t kEarly = 4;  ///< what a load has too much

  std::size_t fours_per_pixel = 0;
  std::vector<Four> fours;  ///< [target pixel, fours_per_pixel]
  std::vector<Begin> begins;

  /// @return nothing if the row is too short for its loads
  static std::optional<WideTables> make(const ResizeAxis& axis);
};

}  // namespace intr

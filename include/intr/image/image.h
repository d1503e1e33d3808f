// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace intr {

/// Height and width in pixels, in that order wherever sizes are written down.
struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t area() const noexcept { return height * width; }
  auto operator<=>(const ImageSize&) const = default;
};

/// A decoded picture: u8 RGB, rows from the top, no gaps.
struct Image {
  ImageSize size;
  std::vector<std::uint8_t> rgb;  ///< [height, width, 3]
};

}  // namespace intr

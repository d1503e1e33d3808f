// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>

namespace intr {

/// Height and width in pixels or cells, in that order wherever sizes are written down.
struct ImageSize {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t area() const noexcept { return height * width; }
  auto operator<=>(const ImageSize&) const = default;
};

}  // namespace intr

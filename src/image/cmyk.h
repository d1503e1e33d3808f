// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

namespace intr {

/// Pillow's integer formula from inks, 0 to 255, to red, green and blue.
inline std::array<std::uint8_t, 3> cmyk_to_rgb(int cyan, int magenta, int yellow, int black) {
  const int light = 255 - black;
  const auto channel = [light](int ink) {
    const int product = ink * light + 128;
    return static_cast<std::uint8_t>(std::max(0, light - ((product + (product >> 8)) >> 8)));
  };
  return {channel(cyan), channel(magenta), channel(yellow)};
}

}  // namespace intr

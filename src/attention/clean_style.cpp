// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/clean_style.h"

#include <algorithm>
#include <cmath>

namespace intr {

Image draw_clean_overlay(const Image& photo, std::span<const float> map, const CellGrid& grid,
                         const CleanStyle& style) {
  const std::vector<float> field = enlarge_map(map, grid, photo.size, style.interpolation);
  const float factor = style.scale > 0 ? 1 / static_cast<float>(style.scale) : 0.0F;
  const auto opacity = static_cast<float>(style.opacity);
  Image picture = photo;
  std::uint8_t* pixel = picture.rgb.data();
  for (const float value : field) {
    const float place = std::clamp(value * factor, style.signed_values ? -1.0F : 0.0F, 1.0F);
    const float level = style.signed_values ? (place + 1) / 2 : place;
    const float t = std::abs(place);
    const Color& color = style.palette[static_cast<std::size_t>(level * 255.0F + 0.5F)];
    for (std::size_t c = 0; c < 3; ++c, ++pixel) {
      const auto old = static_cast<float>(*pixel);
      const float mixed = old + opacity * t * (static_cast<float>(color[c]) - old);
      *pixel = static_cast<std::uint8_t>(mixed + 0.5F);
    }
  }
  return picture;
}

}  // namespace intr

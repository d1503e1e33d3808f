// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "intr/attention/heat_field.h"
#include "intr/image/image.h"
#include "intr/image/palette.h"

namespace intr {

/// How heat is laid over a photo.
struct CleanStyle {
  Palette palette;
  double scale = 1;       ///< value of the palette's last color; larger ones look the same
  double opacity = 0.65;  ///< of the palette's last color; nothing at 0, so the photo stays there
  bool signed_values = false;  ///< 0 is the middle of the palette, -scale its first color
  Interpolation interpolation = Interpolation::kCubic;
};

/// The photo with the heat of one map over it; color comes last, after all interpolation.
/// @param map [h, w] values of the grid's cells, in the units of style.scale
Image draw_clean_overlay(const Image& photo, std::span<const float> map, const CellGrid& grid,
                         const CleanStyle& style);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intr/attention/geometry.h"
#include "intr/image/image.h"

namespace intr {

/// The smallest set of cells that holds a share of a map's sum: 1 for its cells. Of equal values
/// the first cells are taken.
/// @param map [h, w], not negative
std::vector<std::uint8_t> smallest_cell_set(std::span<const float> map, double share);

/// Outlines of the smallest sets that hold 50 % (white) and 90 % (blue) of a map's sum, along the
/// borders of the cells, antialiased, with a dark rim so that they show on bright photos too.
/// Thread-safe; equal inputs give equal pixels.
void draw_contours(Image& picture, std::span<const float> map, const CellGrid& grid);

}  // namespace intr

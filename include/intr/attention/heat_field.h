// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/geometry.h"
#include "intr/image/image.h"

namespace intr {

/// How values between the points of the cells come about.
enum class Interpolation { kCubic, kLinear, kNearest };
/// "cubic" (Catmull-Rom), "linear" or "nearest". @throws UsageError
Interpolation interpolation_named(const std::string& name);

/// Values of a map at every pixel of a picture of the given size, [height, width]. They stay within
/// the map's own least and largest value.
/// @param map  [h, w] of the grid
std::vector<float> enlarge_map(std::span<const float> map, const CellGrid& grid, ImageSize size,
                               Interpolation interpolation);

}  // namespace intr

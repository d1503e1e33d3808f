// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/core/image_size.h"

namespace intr {

/// Cells of an image of this size: every stage that halves rounds up.
ImageSize feature_grid(ImageSize image, std::int64_t stride);

/// How many of `cells` cells over `padded` pixels see a pixel below `length`, by nearest sampling:
/// cell i looks at pixel i * padded / cells, rounded down (PyTorch's rule for all sides up to
/// 4,096).
std::int64_t valid_cells(std::int64_t length, std::int64_t padded, std::int64_t cells);

/// The cells of a picture that are not padding: a rectangle at the top left of the grid.
/// @param padded size of the batch's pictures, padding included  @param cells the batch's grid
ImageSize valid_grid(ImageSize picture, ImageSize padded, ImageSize cells);

}  // namespace intr

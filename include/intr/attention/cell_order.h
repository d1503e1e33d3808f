// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intr/attention/cell_places.h"
#include "intr/attention/geometry.h"

/// In which order a curve changes the S valid cells of a sample (row-major numbers, each once), how
/// many at each step, and which pixels are theirs.
namespace intr {

/// Largest value first; of equal ones the lower cell. @throws InternalError if a value is NaN
std::vector<std::int64_t> order_by_map(std::span<const float> map);

/// Every order is equally likely (Fisher and Yates, as Durstenfeld wrote it: CACM 1964, algorithm
/// 235). A function of its arguments alone. @param which tells the random orders of a sample apart
std::vector<std::int64_t> order_at_random(std::int64_t cells, std::int64_t seed,
                                          std::int64_t sample_id, std::int64_t which);

/// The cell that looks closest to the center of its picture first; of equally close ones the lower
/// cell. Distances count in widths and heights of the picture.
std::vector<std::int64_t> order_from_center(const CellPlaces& places);

/// How many of the cells are changed at step 0 … kCurveSteps: step * cells / kCurveSteps, rounded
/// to the nearest number, halves up.
std::int64_t cells_at_step(std::int64_t cells, std::int64_t step);

/// Borders of an axis' tiles in whole pixels of the resized picture, [cells + 1], from 0 to its
/// length. A pixel belongs to the cell whose tile holds the pixel's center; some cells may have
/// none.
std::vector<std::int64_t> pixel_edges(const CellAxis& axis);

}  // namespace intr

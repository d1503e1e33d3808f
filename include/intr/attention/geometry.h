// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/image/image.h"

namespace intr {

/// Where the cells of a feature grid lie on the resized picture.
enum class Geometry {
  kReceptive,  ///< where they look: cell r is centered on pixel stride * r
  kStretch     ///< the grid stretched over the picture, as the published tool draws it
};
/// "receptive" or "stretch". @throws UsageError
Geometry geometry_named(const std::string& name);

/// The cells of one axis. Coordinates are continuous pixels of the resized picture: pixel x covers
/// [x, x + 1).
struct CellAxis {
  std::int64_t cells = 0;   ///< at least 1
  std::int64_t length = 0;  ///< pixels of the resized picture
  std::int64_t stride = 0;  ///< of the network
  Geometry geometry = Geometry::kReceptive;

  /// Border before cell r, 0 <= r <= cells. The cells share out the whole length.
  double edge(std::int64_t r) const;
  /// Center of what cell r looks at, within the picture.
  double point(std::int64_t r) const;
  /// Fractional cell whose point lies at a position, within 0 … cells - 1.
  double cell_at(double position) const;
};

/// Both axes of a sample's grid.
struct CellGrid {
  CellAxis rows, columns;
  ImageSize cells() const noexcept { return {rows.cells, columns.cells}; }
};
CellGrid make_cell_grid(ImageSize grid, ImageSize resized, std::int64_t stride, Geometry geometry);

}  // namespace intr

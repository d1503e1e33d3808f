// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "intr/attention/geometry.h"
#include "intr/attention/map_format.h"

namespace intr {

/// A place in a picture, in continuous pixels: pixel x covers [x, x + 1).
struct PicturePoint {
  double x = 0, y = 0;
};
double distance(const PicturePoint& a, const PicturePoint& b);

/// A rectangle in continuous pixels.
struct PictureBox {
  double x = 0, y = 0, width = 0, height = 0;
  double diagonal() const;
  /// Whether a point lies in the box, enlarged by a margin on each side; its border belongs to it.
  bool holds(const PicturePoint& point, double margin = 0) const;
};

/// Where the cells of a sample's grid lie in its source picture. Cells count row by row.
class CellPlaces {
 public:
  CellPlaces(const DumpSample& sample, std::int64_t stride, Geometry geometry);

  std::int64_t size() const noexcept { return std::ssize(y_) * std::ssize(x_); }
  ImageSize picture() const noexcept { return picture_; }
  /// Length of the picture's diagonal.
  double diagonal() const;
  /// Center of what a cell looks at, within the picture.
  PicturePoint point(std::int64_t cell) const;
  /// The cell whose tile holds a point; points outside count as on the border.
  std::int64_t cell_of(const PicturePoint& point) const;
  /// |tile and box| / |tile| of each cell, [S]. A tile without area counts by its point.
  std::vector<double> shares_in(const PictureBox& box) const;

 private:
  ImageSize picture_;
  std::vector<double> y_, x_;            ///< points of rows and columns
  std::vector<double> y_edge_, x_edge_;  ///< borders of tiles, one more than cells
};

}  // namespace intr

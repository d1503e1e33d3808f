// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/geometry.h"

#include <algorithm>

#include "intr/core/option_set.h"

namespace intr {

Geometry geometry_named(const std::string& name) {
  require_choice("geometry", name, {"receptive", "stretch"});
  return name == "stretch" ? Geometry::kStretch : Geometry::kReceptive;
}

double CellAxis::edge(std::int64_t r) const {
  const auto whole = static_cast<double>(length);
  const auto cell = static_cast<double>(r);
  if (geometry == Geometry::kStretch) return cell * whole / static_cast<double>(cells);
  if (r <= 0) return 0;
  if (r >= cells) return whole;
  const auto step = static_cast<double>(stride);
  return std::clamp(step * cell - step / 2 + 0.5, 0.0, whole);
}

double CellAxis::point(std::int64_t r) const {
  if (geometry == Geometry::kStretch) return (edge(r) + edge(r + 1)) / 2;
  return std::clamp(static_cast<double>(stride * r) + 0.5, 0.0, static_cast<double>(length));
}

double CellAxis::cell_at(double position) const {
  const double cell =
      geometry == Geometry::kStretch
          ? position * static_cast<double>(cells) / static_cast<double>(length) - 0.5
          : (position - 0.5) / static_cast<double>(stride);
  return std::clamp(cell, 0.0, static_cast<double>(cells - 1));
}

CellGrid make_cell_grid(ImageSize grid, ImageSize resized, std::int64_t stride, Geometry geometry) {
  return {{grid.height, resized.height, stride, geometry},
          {grid.width, resized.width, stride, geometry}};
}

}  // namespace intr

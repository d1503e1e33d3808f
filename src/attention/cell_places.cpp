// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/cell_places.h"

#include <algorithm>
#include <cmath>

namespace intr {

namespace {

/// Points or borders of an axis in pixels of the source.
struct Axis {
  std::vector<double> points, edges;
  Axis(const CellAxis& cells, std::int64_t source_length) {
    const double scale = static_cast<double>(source_length) / static_cast<double>(cells.length);
    for (std::int64_t r = 0; r < cells.cells; ++r) points.push_back(cells.point(r) * scale);
    for (std::int64_t r = 0; r <= cells.cells; ++r) edges.push_back(cells.edge(r) * scale);
  }
};

/// Share of each tile of an axis that an interval covers.
std::vector<double> shares_of(const std::vector<double>& edges, const std::vector<double>& points,
                              double first, double last) {
  std::vector<double> shares;
  for (std::size_t r = 0; r < points.size(); ++r) {
    const double length = edges[r + 1] - edges[r];
    const double covered = std::min(edges[r + 1], last) - std::max(edges[r], first);
    if (length > 0)
      shares.push_back(std::clamp(covered / length, 0.0, 1.0));
    else
      shares.push_back(points[r] >= first && points[r] <= last ? 1.0 : 0.0);
  }
  return shares;
}

/// The tile that begins at or before a position.
std::int64_t tile_at(const std::vector<double>& edges, double position) {
  const auto next = std::upper_bound(edges.begin(), edges.end(), position);
  return std::clamp<std::int64_t>(next - edges.begin() - 1, 0, std::ssize(edges) - 2);
}

}  // namespace

double distance(const PicturePoint& a, const PicturePoint& b) {
  return std::hypot(a.x - b.x, a.y - b.y);
}

double PictureBox::diagonal() const { return std::hypot(width, height); }

bool PictureBox::holds(const PicturePoint& point, double margin) const {
  return point.x >= x - margin && point.x <= x + width + margin && point.y >= y - margin &&
         point.y <= y + height + margin;
}

CellPlaces::CellPlaces(const DumpSample& sample, std::int64_t stride, Geometry geometry)
    : picture_(sample.source_size) {
  const CellGrid grid = make_cell_grid(sample.grid, sample.resized_size, stride, geometry);
  Axis rows(grid.rows, picture_.height), columns(grid.columns, picture_.width);
  y_ = std::move(rows.points);
  y_edge_ = std::move(rows.edges);
  x_ = std::move(columns.points);
  x_edge_ = std::move(columns.edges);
}

double CellPlaces::diagonal() const {
  return std::hypot(static_cast<double>(picture_.width), static_cast<double>(picture_.height));
}

PicturePoint CellPlaces::point(std::int64_t cell) const {
  const std::int64_t width = std::ssize(x_);
  return {x_[static_cast<std::size_t>(cell % width)], y_[static_cast<std::size_t>(cell / width)]};
}

std::int64_t CellPlaces::cell_of(const PicturePoint& point) const {
  return tile_at(y_edge_, point.y) * std::ssize(x_) + tile_at(x_edge_, point.x);
}

std::vector<double> CellPlaces::shares_in(const PictureBox& box) const {
  const std::vector<double> rows = shares_of(y_edge_, y_, box.y, box.y + box.height);
  const std::vector<double> columns = shares_of(x_edge_, x_, box.x, box.x + box.width);
  std::vector<double> shares;
  shares.reserve(rows.size() * columns.size());
  for (const double row : rows)
    for (const double column : columns) shares.push_back(row * column);
  return shares;
}

}  // namespace intr

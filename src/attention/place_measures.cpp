// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/place_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double square(double x) { return x * x; }

}  // namespace

PicturePoint center_of_mass(std::span<const double> map, const CellPlaces& places) {
  PicturePoint center;
  for (std::size_t j = 0; j < map.size(); ++j) {
    const PicturePoint point = places.point(static_cast<std::int64_t>(j));
    center.x += map[j] * point.x;
    center.y += map[j] * point.y;
  }
  return center;
}

double map_spread(std::span<const double> map, const CellPlaces& places,
                  const PicturePoint& center) {
  double sum = 0;
  for (std::size_t j = 0; j < map.size(); ++j) {
    const PicturePoint point = places.point(static_cast<std::int64_t>(j));
    sum += map[j] * (square(point.x - center.x) + square(point.y - center.y));
  }
  return std::sqrt(sum) / places.diagonal();
}

double mass_in(std::span<const double> map, std::span<const double> shares) {
  return std::inner_product(map.begin(), map.end(), shares.begin(), 0.0);
}

std::vector<double> center_prior(const CellPlaces& places) {
  const auto width = static_cast<double>(places.picture().width);
  const auto height = static_cast<double>(places.picture().height);
  std::vector<double> prior;
  for (std::int64_t cell = 0; cell < places.size(); ++cell) {
    const PicturePoint point = places.point(cell);
    prior.push_back(std::exp(-0.5 * (square((point.x - width / 2) / (width / 4)) +
                                     square((point.y - height / 2) / (height / 4)))));
  }
  const double sum = std::accumulate(prior.begin(), prior.end(), 0.0);
  for (double& value : prior) value /= sum;
  return prior;
}

double pointing_chance(const CellPlaces& places, const PictureBox& box, double margin) {
  std::int64_t hits = 0;
  for (std::int64_t cell = 0; cell < places.size(); ++cell)
    if (box.holds(places.point(cell), margin)) ++hits;
  return static_cast<double>(hits) / static_cast<double>(places.size());
}

std::vector<std::int64_t> smallest_set(std::span<const double> map, double mass) {
  constexpr double kReached = 1e-12;
  std::vector<std::int64_t> cells(map.size());
  std::iota(cells.begin(), cells.end(), 0);
  const auto smaller = [&](std::int64_t a, std::int64_t b) {
    const double left = map[static_cast<std::size_t>(a)], right = map[static_cast<std::size_t>(b)];
    return left != right ? left < right : a > b;
  };
  std::make_heap(cells.begin(), cells.end(), smaller);  // few cells are taken of many
  std::vector<std::int64_t> taken;
  double sum = 0;
  for (auto end = cells.end(); end != cells.begin() && sum < mass - kReached; --end) {
    std::pop_heap(cells.begin(), end, smaller);
    taken.push_back(*(end - 1));
    sum += map[static_cast<std::size_t>(taken.back())];
  }
  return taken;
}

NearestPart nearest_part(const PicturePoint& point, std::span<const PartPoint> parts) {
  NearestPart nearest{-1, kNaN};
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (!parts[k].visible) continue;
    const double away = distance(point, parts[k].point);
    if (nearest.part >= 0 && !(away < nearest.distance)) continue;
    nearest = {static_cast<std::int32_t>(k), away};
  }
  return nearest;
}

double part_coverage(std::span<const std::uint8_t> in_set, const CellPlaces& places,
                     std::span<const PartPoint> parts) {
  std::int64_t visible = 0, covered = 0;
  for (const PartPoint& part : parts) {
    if (!part.visible) continue;
    ++visible;
    covered += in_set[static_cast<std::size_t>(places.cell_of(part.point))] != 0 ? 1 : 0;
  }
  return visible == 0 ? kNaN : static_cast<double>(covered) / static_cast<double>(visible);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/cell_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "intr/attention/model_scores.h"
#include "intr/core/error.h"
#include "intr/core/philox.h"

namespace intr {
namespace {

std::vector<std::int64_t> first_numbers(std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), std::int64_t{0});
  return numbers;
}

/// Squared distance of a length's share from the middle.
double off_center(double position, std::int64_t length) {
  const double share = position / static_cast<double>(length) - 0.5;
  return share * share;
}

}  // namespace

std::vector<std::int64_t> order_by_map(std::span<const float> map) {
  const auto value = [&](std::int64_t cell) { return map[static_cast<std::size_t>(cell)]; };
  std::vector<std::int64_t> order = first_numbers(std::ssize(map));
  // With NaN no order is strict, and sorting by it is undefined.
  for (const std::int64_t cell : order)
    if (std::isnan(value(cell)))
      throw InternalError(fmt::format("cell {} of a map is to be ordered by NaN", cell));
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return value(a) > value(b); });
  return order;
}

std::vector<std::int64_t> order_at_random(std::int64_t cells, std::int64_t seed,
                                          std::int64_t sample_id, std::int64_t which) {
  std::vector<std::int64_t> order = first_numbers(cells);
  std::uint64_t draw = 0;
  for (std::size_t last = order.size(); last-- > 1;) {
    const std::uint64_t bits =
        draw_bits(static_cast<std::uint64_t>(seed), Purpose::kCellOrder,
                  static_cast<std::uint64_t>(which), static_cast<std::uint64_t>(sample_id), draw++);
    std::swap(order[last], order[below_from_bits(bits, last + 1)]);
  }
  return order;
}

std::vector<std::int64_t> order_from_center(const CellPlaces& places) {
  const ImageSize picture = places.picture();
  std::vector<std::int64_t> distances;  // in parts of 2^30
  for (std::int64_t cell = 0; cell < places.size(); ++cell) {
    const PicturePoint point = places.point(cell);
    const double distance =
        off_center(point.x, picture.width) + off_center(point.y, picture.height);
    // Points that mirror each other differ in their last bits: whole numbers make them equal.
    distances.push_back(std::llround(std::ldexp(distance, 30)));
  }
  std::vector<std::int64_t> order = first_numbers(places.size());
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return distances[static_cast<std::size_t>(a)] < distances[static_cast<std::size_t>(b)];
  });
  return order;
}

std::int64_t cells_at_step(std::int64_t cells, std::int64_t step) {
  return (2 * step * cells + kCurveSteps) / (2 * kCurveSteps);
}

std::vector<std::int64_t> pixel_edges(const CellAxis& axis) {
  std::vector<std::int64_t> edges;
  // Pixel x has its center at x + 0.5: the first one at or behind a border begins the tile.
  for (std::int64_t r = 0; r <= axis.cells; ++r)
    edges.push_back(static_cast<std::int64_t>(std::ceil(axis.edge(r) - 0.5)));
  return edges;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/heat_field.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "intr/core/option_set.h"

namespace intr {

namespace {

/// The cells that make one pixel of an axis.
struct Taps {
  std::array<std::int64_t, 4> cell{};
  std::array<float, 4> weight{};
};

std::array<double, 4> weights_of(double t, Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kNearest:
      return {0, t < 0.5 ? 1.0 : 0.0, t < 0.5 ? 0.0 : 1.0, 0};
    case Interpolation::kLinear:
      return {0, 1 - t, t, 0};
    case Interpolation::kCubic:
      break;
  }
  // Catmull and Rom's spline through the four nearest values.
  return {0.5 * t * (-1 + t * (2 - t)), 0.5 * (2 + t * t * (-5 + 3 * t)),
          0.5 * t * (1 + t * (4 - 3 * t)), 0.5 * t * t * (t - 1)};
}

std::vector<Taps> taps_of(const CellAxis& axis, std::int64_t pixels, Interpolation interpolation) {
  std::vector<Taps> all(static_cast<std::size_t>(pixels));
  const double scale = static_cast<double>(axis.length) / static_cast<double>(pixels);
  for (std::int64_t x = 0; x < pixels; ++x) {
    const double cell = axis.cell_at((static_cast<double>(x) + 0.5) * scale);
    const auto base = static_cast<std::int64_t>(cell);
    const std::array<double, 4> weights =
        weights_of(cell - static_cast<double>(base), interpolation);
    Taps& taps = all[static_cast<std::size_t>(x)];
    for (std::size_t k = 0; k < 4; ++k) {
      taps.cell[k] =
          std::clamp<std::int64_t>(base - 1 + static_cast<std::int64_t>(k), 0, axis.cells - 1);
      taps.weight[k] = static_cast<float>(weights[k]);
    }
  }
  return all;
}

}  // namespace

Interpolation interpolation_named(const std::string& name) {
  require_choice("interpolation", name, {"cubic", "linear", "nearest"});
  return name == "cubic"    ? Interpolation::kCubic
         : name == "linear" ? Interpolation::kLinear
                            : Interpolation::kNearest;
}

std::vector<float> enlarge_map(std::span<const float> map, const CellGrid& grid, ImageSize size,
                               Interpolation interpolation) {
  const std::vector<Taps> columns = taps_of(grid.columns, size.width, interpolation);
  const std::vector<Taps> rows = taps_of(grid.rows, size.height, interpolation);
  const auto [least, largest] = std::minmax_element(map.begin(), map.end());
  const auto width = static_cast<std::size_t>(size.width);
  std::vector<float> wide(static_cast<std::size_t>(grid.rows.cells) * width);  // [h, width]
  for (std::int64_t r = 0; r < grid.rows.cells; ++r) {
    const float* cells = map.data() + r * grid.columns.cells;
    float* out = wide.data() + static_cast<std::size_t>(r) * width;
    for (const Taps& taps : columns) {
      float sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += taps.weight[k] * cells[taps.cell[k]];
      *out++ = sum;
    }
  }
  std::vector<float> field(static_cast<std::size_t>(size.area()));
  float* out = field.data();
  for (const Taps& taps : rows) {
    std::array<const float*, 4> source{};
    for (std::size_t k = 0; k < 4; ++k)
      source[k] = wide.data() + static_cast<std::size_t>(taps.cell[k]) * width;
    for (std::size_t x = 0; x < width; ++x) {
      const float sum = taps.weight[0] * source[0][x] + taps.weight[1] * source[1][x] +
                        taps.weight[2] * source[2][x] + taps.weight[3] * source[3][x];
      *out++ = std::clamp(sum, *least, *largest);
    }
  }
  return field;
}

}  // namespace intr

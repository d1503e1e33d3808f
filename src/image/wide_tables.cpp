// SPDX-License-Identifier: Apache-2.0
#include "wide_tables.h"

#include <algorithm>

#include "split_weight.h"

namespace intr {
namespace {

/// The first source pixel of a window's fours: all lie inside the row.
std::int64_t begin_of(const ResizeAxis::Window& window, std::int64_t side, std::int64_t fours) {
  return std::min(window.first, side - 4 * fours);
}

}  // namespace

std::optional<WideTables> WideTables::make(const ResizeAxis& axis) {
  const std::int64_t side = axis.source_side();
  const std::int64_t count = (axis.max_taps() + 3) / 4;
  // Fours that begin at the first or second pixel cannot be loaded early.
  if (4 * count + 3 > side) return std::nullopt;
  WideTables tables;
  tables.fours_per_pixel = static_cast<std::size_t>(count);
  tables.fours.resize(axis.windows().size() * tables.fours_per_pixel, Four{});
  tables.begins.reserve(axis.windows().size());
  Four* fours = tables.fours.data();
  for (const ResizeAxis::Window& window : axis.windows()) {
    const std::int64_t begin = begin_of(window, side, count);
    const auto offset = static_cast<std::int32_t>(begin * 3);
    tables.begins.push_back(offset < kEarly ? Begin{offset, 0} : Begin{offset - kEarly, 1});
    for (std::int64_t j = 0; j < window.taps; ++j) {
      const SplitWeight weight(axis.weights(window)[j]);
      const auto place = static_cast<std::size_t>(window.first - begin + j);
      fours[place / 4][place % 4] = weight.low;
      fours[place / 4][4 + place % 4] = weight.high;
    }
    fours += tables.fours_per_pixel;
  }
  return tables;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "wide_tables.h"

#include <algorithm>

#include "split_weight.h"

namespace intr {
namespace {

/// Pixels that the loads of `fours` fours touch: the last load reads 16 bytes.
std::int64_t touched(std::int64_t fours) { return 4 * fours + 2; }

/// Where a window's loads begin so that none leaves the row.
std::int64_t begin_of(const ResizeAxis::Window& window, std::int64_t side, std::int64_t fours) {
  return std::min(window.first, side - touched(fours));
}

}  // namespace

std::optional<WideTables> WideTables::make(const ResizeAxis& axis) {
  const std::int64_t side = axis.source_side();
  std::int64_t count = (axis.max_taps() + 3) / 4;
  // Windows at the row's end begin earlier, with weights of 0, and may need another four.
  for (const ResizeAxis::Window& window : axis.windows()) {
    while (touched(count) <= side &&
           window.first - begin_of(window, side, count) + window.taps > 4 * count)
      ++count;
  }
  if (touched(count) > side) return std::nullopt;
  WideTables tables;
  tables.fours_per_pixel = static_cast<std::size_t>(count);
  tables.fours.resize(axis.windows().size() * tables.fours_per_pixel, Four{});
  tables.offsets.reserve(axis.windows().size());
  Four* fours = tables.fours.data();
  for (const ResizeAxis::Window& window : axis.windows()) {
    const std::int64_t begin = begin_of(window, side, count);
    tables.offsets.push_back(static_cast<std::int32_t>(begin * 3));
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

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "intr/image/resize_axis.h"
#include "split_weight.h"

namespace intr {

/// Tables of the horizontal pass for windows of one or two pixels, as every enlargement has them. A
/// group makes kValues target values (u8, three a pixel) of one load of kLoad source bytes: a
/// shuffle lays the two source values of each target value side by side as numbers of 16 bits.
template <std::size_t kValues, std::int64_t kLoad>
struct PairTables {
  /// By target value; all four bytes of each number count, the lowest first.
  struct alignas(kValues * 4) Group {
    std::array<std::uint32_t, kValues> shuffle;   ///< places of source bytes, 0x80 for a zero
    std::array<std::int32_t, kValues> low, high;  ///< weights of both, 16 bits each
  };
  std::vector<Group> groups;
  std::vector<std::int32_t> offsets;  ///< of each group's load, in bytes of the source row

  /// @param multiple the number of groups becomes one of it, the last ones idle
  /// @return nothing if windows are larger, or the row is shorter than a load
  static std::optional<PairTables> make(const ResizeAxis& axis, std::size_t multiple);

 private:
  using Window = ResizeAxis::Window;
  bool place_groups(const ResizeAxis& axis);
};

template <std::size_t kValues, std::int64_t kLoad>
std::optional<PairTables<kValues, kLoad>> PairTables<kValues, kLoad>::make(const ResizeAxis& axis,
                                                                           std::size_t multiple) {
  if (axis.max_taps() > 2 || axis.source_side() * 3 < kLoad) return std::nullopt;
  const std::size_t num_values = axis.windows().size() * 3;
  const std::size_t per_block = kValues * multiple;
  PairTables tables;
  Group idle;
  idle.shuffle.fill(0x80808080);
  idle.low.fill(0);
  idle.high.fill(0);
  tables.groups.assign((num_values + per_block - 1) / per_block * multiple, idle);
  if (!tables.place_groups(axis)) return std::nullopt;
  std::size_t value = 0;
  for (const Window& window : axis.windows()) {
    const std::int32_t* weights = axis.weights(window);
    const SplitWeight first(weights[0]);
    const SplitWeight second = window.taps > 1 ? SplitWeight(weights[1]) : SplitWeight();
    const std::int32_t low = pair_of(first.low, second.low);
    const std::int32_t high = pair_of(first.high, second.high);
    for (std::int64_t byte = window.first * 3; byte < window.first * 3 + 3; ++byte, ++value) {
      Group& group = tables.groups[value / kValues];
      const std::size_t lane = value % kValues;
      const auto place = static_cast<std::uint32_t>(byte - tables.offsets[value / kValues]);
      group.shuffle[lane] =
          window.taps > 1 ? 0x80008000 | (place + 3) << 16 | place : 0x80808000 | place;
      group.low[lane] = low;
      group.high[lane] = high;
    }
  }
  return tables;
}

template <std::size_t kValues, std::int64_t kLoad>
bool PairTables<kValues, kLoad>::place_groups(const ResizeAxis& axis) {
  const std::int64_t last_offset = axis.source_side() * 3 - kLoad;
  const std::size_t num_values = axis.windows().size() * 3;
  offsets.assign(groups.size(), 0);
  for (std::size_t group = 0; group * kValues < num_values; ++group) {
    const std::size_t first_pixel = group * kValues / 3;
    const std::size_t last_pixel = (std::min((group + 1) * kValues, num_values) - 1) / 3;
    std::int64_t begin = axis.source_side(), end = 0;
    for (std::size_t pixel = first_pixel; pixel <= last_pixel; ++pixel) {
      const Window& window = axis.windows()[pixel];
      begin = std::min(begin, window.first);
      end = std::max(end, window.first + window.taps);
    }
    if ((end - begin) * 3 > kLoad) return false;
    offsets[group] = static_cast<std::int32_t>(std::min(begin * 3, last_offset));
  }
  return true;
}

}  // namespace intr

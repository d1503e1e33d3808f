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
  static constexpr std::uint8_t kZero = 0x80;  ///< the shuffle's sign for a zero byte
  struct alignas(kValues * 4) Group {
    std::array<std::uint8_t, kValues * 4> shuffle;
    std::array<std::int16_t, kValues * 2> low, high;
  };
  std::vector<Group> groups;
  std::vector<std::int32_t> offsets;  ///< of each group's load, in bytes of the source row

  /// @param multiple the number of groups becomes one of it, the last ones idle
  /// @return nothing if windows are larger, or the row is shorter than a load
  static std::optional<PairTables> make(const ResizeAxis& axis, std::size_t multiple);

 private:
  using Window = ResizeAxis::Window;
  bool place_groups(const ResizeAxis& axis);
  void set(std::size_t value, const Window& window, SplitWeight first, SplitWeight second);
};

template <std::size_t kValues, std::int64_t kLoad>
std::optional<PairTables<kValues, kLoad>> PairTables<kValues, kLoad>::make(const ResizeAxis& axis,
                                                                           std::size_t multiple) {
  if (axis.max_taps() > 2 || axis.source_side() * 3 < kLoad) return std::nullopt;
  const std::size_t num_values = axis.windows().size() * 3;
  const std::size_t per_block = kValues * multiple;
  PairTables tables;
  Group idle;
  idle.shuffle.fill(kZero);
  idle.low.fill(0);
  idle.high.fill(0);
  tables.groups.assign((num_values + per_block - 1) / per_block * multiple, idle);
  if (!tables.place_groups(axis)) return std::nullopt;
  std::size_t value = 0;
  for (const Window& window : axis.windows()) {
    const std::int32_t* weights = axis.weights(window);
    const SplitWeight first(weights[0]);
    const SplitWeight second = window.taps > 1 ? SplitWeight(weights[1]) : SplitWeight();
    for (int channel = 0; channel < 3; ++channel) tables.set(value++, window, first, second);
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

template <std::size_t kValues, std::int64_t kLoad>
void PairTables<kValues, kLoad>::set(std::size_t value, const Window& window, SplitWeight first,
                                     SplitWeight second) {
  Group& group = groups[value / kValues];
  const std::size_t lane = value % kValues;
  const std::int64_t channel = static_cast<std::int64_t>(value % 3);
  const auto byte =
      static_cast<std::uint8_t>(window.first * 3 + channel - offsets[value / kValues]);
  group.shuffle[4 * lane] = byte;
  if (window.taps > 1) group.shuffle[4 * lane + 2] = static_cast<std::uint8_t>(byte + 3);
  group.low[2 * lane] = first.low;
  group.low[2 * lane + 1] = second.low;
  group.high[2 * lane] = first.high;
  group.high[2 * lane + 1] = second.high;
}

}  // namespace intr

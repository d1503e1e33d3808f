// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_block.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "intr/core/error.h"
#include "intr/core/half.h"

namespace intr {

std::vector<float> decode_block(std::span<const std::byte> bytes, MapType type) {
  const auto width = static_cast<std::size_t>(bytes_of(type));
  if (bytes.size() % width != 0)
    throw InternalError(fmt::format("{} bytes are no {} maps", bytes.size(), name_of(type)));
  std::vector<float> values(bytes.size() / width);
  if (type == MapType::f32) {
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, sizeof half);
    values[i] = float_from_half(half);
  }
  return values;
}

std::vector<std::byte> encode_block(std::span<const float> values, MapType type) {
  std::vector<std::byte> bytes(values.size() * static_cast<std::size_t>(bytes_of(type)));
  if (type == MapType::f32) {
    if (!values.empty()) std::memcpy(bytes.data(), values.data(), bytes.size());
    return bytes;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::uint16_t half = half_from_float(values[i]);
    std::memcpy(bytes.data() + 2 * i, &half, sizeof half);
  }
  return bytes;
}

void SumRange::include(const SumRange& other) noexcept {
  // Comparisons with NaN are false: one that is there stays, one that comes is taken.
  if (std::isnan(other.least) || other.least < least) least = other.least;
  if (std::isnan(other.most) || other.most > most) most = other.most;
}

SumRange sums_of(std::span<const float> values, std::int64_t num_cells, bool is_signed) {
  const auto cells = static_cast<std::size_t>(num_cells);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  SumRange range;
  for (std::size_t first = 0; first < values.size(); first += cells) {
    double sum = 0;
    for (std::size_t i = first; i < first + cells; ++i) {
      const float value = values[i];
      if (!std::isfinite(value) || (value < 0 && !is_signed)) return {kNan, kNan};
      sum += static_cast<double>(value);
    }
    if (first == 0) range = {sum, sum};
    range.include({sum, sum});
  }
  return range;
}

bool sums_are_sound(const SumRange& sums, MapType type) noexcept {
  const double tolerance = sum_tolerance(type);
  return sums.least >= 1 - tolerance && sums.most <= 1 + tolerance;
}

std::string check_values(MapField field, std::span<const float> values, ImageSize grid,
                         const DumpFacts& facts) {
  if (field == MapField::kValue) {
    const bool sound = std::all_of(values.begin(), values.end(),
                                   [](float value) { return value >= 0 && !std::isinf(value); });
    return sound ? "" : "a value map is negative or not finite";
  }
  const SumRange sums = sums_of(values, grid.area(), facts.is_signed);
  if (facts.is_signed) {
    constexpr double kLargest = std::numeric_limits<float>::max();
    const bool sound = sums.least >= -kLargest && sums.most <= kLargest;  // false for NaN
    return sound ? "" : "a signed map or its sum is not finite";
  }
  if (sums_are_sound(sums, facts.type)) return "";
  return fmt::format("a map is negative, not finite or does not sum to 1 ({}: {} to {})",
                     names_of(field).elements, sums.least, sums.most);
}

BlockPeaks peaks_of(std::span<const float> values, const DumpFacts& facts, ImageSize grid) {
  const auto cells = static_cast<std::size_t>(grid.area());
  const auto heads = static_cast<std::size_t>(facts.num_heads());
  const auto slots = static_cast<std::size_t>(facts.num_queries);
  const auto last_layer =
      values.subspan(static_cast<std::size_t>(facts.num_layers() - 1) * slots * heads * cells);
  const float scale = facts.is_signed ? 1.0F : static_cast<float>(cells);
  BlockPeaks peaks;
  for (std::size_t head = 0; head < heads; ++head) {
    const auto own = last_layer.subspan(head * cells, cells);
    float largest = 0, difference = 0;
    for (const float value : own) largest = std::max(largest, std::abs(value));
    peaks.peak.push_back(scale * largest);
    if (slots > 1) {
      const auto other = last_layer.subspan((heads + head) * cells, cells);
      for (std::size_t i = 0; i < cells; ++i)
        difference = std::max(difference, std::abs(own[i] - other[i]));
    }
    peaks.contrast.push_back(scale * difference);
  }
  return peaks;
}

std::vector<float> value_peaks_of(std::span<const float> values, const DumpFacts& facts,
                                  ImageSize grid) {
  const auto cells = static_cast<std::size_t>(grid.area());
  const auto heads = static_cast<std::size_t>(facts.num_heads());
  std::vector<float> peaks;
  for (std::size_t first = values.size() - heads * cells; first < values.size(); first += cells) {
    const auto map = values.subspan(first, cells);
    peaks.push_back(*std::max_element(map.begin(), map.end()));
  }
  return peaks;
}

float nearest_rank(std::vector<float> values, double q) {
  if (values.empty()) return 0;
  const double rank = std::ceil(q * static_cast<double>(values.size()));
  const auto index =
      std::clamp<std::size_t>(static_cast<std::size_t>(std::max(rank, 1.0)), 1, values.size()) - 1;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                   values.end());
  return values[index];
}

}  // namespace intr

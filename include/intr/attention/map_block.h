// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"

/// One sample's maps as stored bytes and as numbers: [layers, Q, heads, h, w], row-major.
namespace intr {

/// Stored bytes to float32, exact. @throws InternalError if the size is no multiple of the type's
std::vector<float> decode_block(std::span<const std::byte> bytes, MapType type);
/// float32 to stored bytes; half precision rounds to nearest even.
std::vector<std::byte> encode_block(std::span<const float> values, MapType type);

/// Smallest and largest sum of a map.
struct SumRange {
  double least = 1;
  double most = 1;
  void include(const SumRange& other) noexcept;
};

/// Sums of the maps of a block, in double. An element that is not finite, or negative unless maps
/// are signed, makes the range NaN.
SumRange sums_of(std::span<const float> values, std::int64_t num_cells, bool is_signed = false);
/// Whether every sum is 1 within the type's tolerance; false for NaN.
bool sums_are_sound(const SumRange& sums, MapType type) noexcept;
/// What is wrong with a sample's values of a field, or "". Nothing may be negative or not finite,
/// and each map (of kEncoder: each row) has to sum to 1 within the type's tolerance, but for
/// kValue. Signed maps and their sums have to be finite, nothing else.
std::string check_values(MapField field, std::span<const float> values, ImageSize grid,
                         const DumpFacts& facts);

/// What the shared color scales are made of, of each head of the last stored layer. Of signed maps
/// without the factor S: they are no multiples of uniform attention.
struct BlockPeaks {
  std::vector<float> peak;      ///< S * max|a| of slot 0
  std::vector<float> contrast;  ///< S * max|slot 0 - slot 1|; 0 with one slot
};
BlockPeaks peaks_of(std::span<const float> values, const DumpFacts& facts, ImageSize grid);

/// The largest value of each head of the last stored layer. @param values [layers, heads, h, w]
std::vector<float> value_peaks_of(std::span<const float> values, const DumpFacts& facts,
                                  ImageSize grid);

/// The q-quantile by nearest rank: element ceil(q * n), counted from 1, of the sorted values; 0 for
/// none.
float nearest_rank(std::vector<float> values, double q);

}  // namespace intr

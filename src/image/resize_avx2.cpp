// SPDX-License-Identifier: Apache-2.0
#include "resize_passes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <cstring>

#include "pair_tables.h"
#include "row_pairs.h"
#include "wide_tables.h"

#define INTR_AVX2 __attribute__((target("avx2")))
#define INTR_AVX2_INLINE inline __attribute__((always_inline, target("avx2")))

namespace intr {
namespace {

constexpr int kLowBits = SplitWeight::kLowBits;

INTR_AVX2_INLINE __m256i load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
INTR_AVX2_INLINE __m128i load_half(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
INTR_AVX2_INLINE void store(void* to, __m256i value) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), value);
}

/// Target values of sums of low and high parts, as numbers of 32 bits.
INTR_AVX2_INLINE __m256i rounded(__m256i low, __m256i high) {
  const __m256i half = _mm256_set1_epi32(1 << (kWeightBits - 1));
  const __m256i sum = _mm256_add_epi32(_mm256_slli_epi32(high, kLowBits), low);
  return _mm256_srli_epi32(_mm256_add_epi32(sum, half), kWeightBits);
}

/// The horizontal pass of windows of one or two pixels: 8 values a group, 32 a block.
class PairColumns : public ColumnPass {
 public:
  static constexpr std::size_t kGroups = 4;  ///< of a block
  using Tables = PairTables<8, 16>;
  explicit PairColumns(Tables tables) : tables_(std::move(tables)) {}

  INTR_AVX2 void run(const Sources& sources, const Targets& targets) const override {
    const Tables::Group* group = tables_.groups.data();
    const std::int32_t* offset = tables_.offsets.data();
    const std::size_t blocks = tables_.groups.size() / kGroups;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (std::size_t row = 0; row < kRows; ++row)
        store(targets[row] + block * 32, block_of(group, offset, sources[row]));
      group += kGroups;
      offset += kGroups;
    }
  }

 private:
  INTR_AVX2_INLINE static __m256i block_of(const Tables::Group* group, const std::int32_t* offset,
                                           const std::uint8_t* source) {
    const __m256i a = values(group[0], source + offset[0]);
    const __m256i b = values(group[1], source + offset[1]);
    const __m256i c = values(group[2], source + offset[2]);
    const __m256i d = values(group[3], source + offset[3]);
    // Packing works on halves of a register: fours of values come out as a b c d, a b c d.
    const __m256i packed =
        _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
    return _mm256_permutevar8x32_epi32(packed, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
  }

  INTR_AVX2_INLINE static __m256i values(const Tables::Group& group, const std::uint8_t* source) {
    const __m256i bytes = _mm256_broadcastsi128_si256(load_half(source));
    const __m256i pairs = _mm256_shuffle_epi8(bytes, load(group.shuffle.data()));
    return rounded(_mm256_madd_epi16(pairs, load(group.low.data())),
                   _mm256_madd_epi16(pairs, load(group.high.data())));
  }

  Tables tables_;
};

/// The horizontal pass of windows of any size, four source pixels at a time: the first two in the
/// lower half of a register, the others in the upper.
class WideColumns : public ColumnPass {
 public:
  explicit WideColumns(WideTables tables) : tables_(std::move(tables)) {}

  INTR_AVX2 void run(const Sources& sources, const Targets& targets) const override {
    const std::size_t count = tables_.fours_per_pixel;
    const WideTables::Four* fours = tables_.fours.data();
    for (std::size_t pixel = 0; pixel < tables_.begins.size(); ++pixel) {
      pixel_of_rows(fours, count, tables_.begins[pixel], sources, pixel * 3, targets);
      fours += count;
    }
  }

 private:
  INTR_AVX2_INLINE static void pixel_of_rows(const WideTables::Four* fours, std::size_t count,
                                             WideTables::Begin begin, const Sources& sources,
                                             std::size_t place, const Targets& targets) {
    std::int32_t offset = begin.offset;
    // Red, green, blue of two pixels as pairs of 16 bits; what is negative gives zero.
    constexpr char kZero = -128;
    const __m256i from_first = _mm256_setr_epi8(
        0, kZero, 3, kZero, 1, kZero, 4, kZero, 2, kZero, 5, kZero, kZero, kZero, kZero, kZero,  //
        6, kZero, 9, kZero, 7, kZero, 10, kZero, 8, kZero, 11, kZero, kZero, kZero, kZero, kZero);
    const auto skipped = static_cast<char>(begin.early * WideTables::kEarly);
    const __m256i by_channel = _mm256_add_epi8(from_first, _mm256_set1_epi8(skipped));
    const __m256i spread_low = _mm256_setr_epi32(0x03020100, 0x03020100, 0x03020100, 0x03020100,
                                                 0x07060504, 0x07060504, 0x07060504, 0x07060504);
    const __m256i spread_high = _mm256_add_epi8(spread_low, _mm256_set1_epi8(8));
    __m256i low[kRows], high[kRows];
    for (std::size_t row = 0; row < kRows; ++row) low[row] = high[row] = _mm256_setzero_si256();
    for (std::size_t four = 0; four < count; ++four, offset += 12) {
      const __m256i weights = _mm256_broadcastsi128_si256(load_half(fours[four].data()));
      const __m256i low_weights = _mm256_shuffle_epi8(weights, spread_low);
      const __m256i high_weights = _mm256_shuffle_epi8(weights, spread_high);
      for (std::size_t row = 0; row < kRows; ++row) {
        const __m256i bytes = _mm256_broadcastsi128_si256(load_half(sources[row] + offset));
        const __m256i pairs = _mm256_shuffle_epi8(bytes, by_channel);
        low[row] = _mm256_add_epi32(low[row], _mm256_madd_epi16(pairs, low_weights));
        high[row] = _mm256_add_epi32(high[row], _mm256_madd_epi16(pairs, high_weights));
      }
    }
    store_pixels(low, high, place, targets);
  }

  /// Writes four bytes in each row: the fourth is the next pixel's, or slack.
  INTR_AVX2_INLINE static void store_pixels(const __m256i* low, const __m256i* high,
                                            std::size_t place, const Targets& targets) {
    const __m256i upper = rounded(halves_added(low[0], low[1]), halves_added(high[0], high[1]));
    const __m256i lower = rounded(halves_added(low[2], low[3]), halves_added(high[2], high[3]));
    const __m256i words = _mm256_packus_epi32(upper, lower);  // rows 0, 2 and 1, 3
    const __m256i bytes = _mm256_packus_epi16(words, words);
    const __m128i even = _mm256_castsi256_si128(bytes), odd = _mm256_extracti128_si256(bytes, 1);
    store_four(targets[0] + place, _mm_cvtsi128_si32(even));
    store_four(targets[1] + place, _mm_cvtsi128_si32(odd));
    store_four(targets[2] + place, _mm_extract_epi32(even, 1));
    store_four(targets[3] + place, _mm_extract_epi32(odd, 1));
  }
  /// The sums of the halves of `a`, then of `b`.
  INTR_AVX2_INLINE static __m256i halves_added(__m256i a, __m256i b) {
    return _mm256_add_epi32(_mm256_permute2x128_si256(a, b, 0x20),
                            _mm256_permute2x128_si256(a, b, 0x31));
  }
  static void store_four(std::uint8_t* target, std::int32_t bytes) {
    std::memcpy(target, &bytes, sizeof bytes);
  }

  WideTables tables_;
};

class Avx2Rows : public RowPass {
 public:
  explicit Avx2Rows(ResizeAxis axis) : RowPass(std::move(axis)), pairs_(this->axis()) {}

  INTR_AVX2 void run(std::size_t y, std::span<const std::uint8_t* const> rows, std::size_t length,
                     std::uint8_t* target) const override {
    if (rows.size() == 1) {  // its weight is one
      std::memcpy(target, rows[0], length);
      return;
    }
    if (length < kStep) {
      short_row(y, rows, length, target);
      return;
    }
    const RowPairs::Pair* pairs = pairs_.of(y);
    std::size_t start = 0;
    if (rows.size() == 2) {
      for (; start + kStep <= length; start += kStep) two_rows(*pairs, rows, start, target);
      if (start < length) two_rows(*pairs, rows, length - kStep, target);
    } else {
      for (; start + kStep <= length; start += kStep) many_rows(pairs, rows, start, target);
      if (start < length) many_rows(pairs, rows, length - kStep, target);
    }
  }

 private:
  static constexpr std::size_t kStep = 32;

  /// Bytes of two rows as pairs of 16 bits: the eight of each quarter that packing puts in order.
  struct Quarters {
    __m256i part[4];
  };
  INTR_AVX2_INLINE static Quarters interleaved(const std::uint8_t* first,
                                               const std::uint8_t* second) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i a = load(first), b = load(second);
    const __m256i lower = _mm256_unpacklo_epi8(a, b), upper = _mm256_unpackhi_epi8(a, b);
    return {{_mm256_unpacklo_epi8(lower, zero), _mm256_unpackhi_epi8(lower, zero),
             _mm256_unpacklo_epi8(upper, zero), _mm256_unpackhi_epi8(upper, zero)}};
  }
  INTR_AVX2_INLINE static void store_quarters(const Quarters& q, std::uint8_t* target) {
    store(target, _mm256_packus_epi16(_mm256_packus_epi32(q.part[0], q.part[1]),
                                      _mm256_packus_epi32(q.part[2], q.part[3])));
  }

  INTR_AVX2_INLINE static void two_rows(const RowPairs::Pair& pair,
                                        std::span<const std::uint8_t* const> rows,
                                        std::size_t start, std::uint8_t* target) {
    const __m256i low = _mm256_set1_epi32(pair.low), high = _mm256_set1_epi32(pair.high);
    Quarters q = interleaved(rows[0] + start, rows[1] + start);
    for (__m256i& part : q.part)
      part = rounded(_mm256_madd_epi16(part, low), _mm256_madd_epi16(part, high));
    store_quarters(q, target + start);
  }

  INTR_AVX2_INLINE static void many_rows(const RowPairs::Pair* pairs,
                                         std::span<const std::uint8_t* const> rows,
                                         std::size_t start, std::uint8_t* target) {
    Quarters lows, highs;
    for (int k = 0; k < 4; ++k) lows.part[k] = highs.part[k] = _mm256_setzero_si256();
    for (std::size_t row = 0; row < rows.size(); row += 2, ++pairs) {
      const std::uint8_t* second = rows[std::min(row + 1, rows.size() - 1)];
      const Quarters q = interleaved(rows[row] + start, second + start);
      const __m256i low = _mm256_set1_epi32(pairs->low), high = _mm256_set1_epi32(pairs->high);
      for (int k = 0; k < 4; ++k) {
        lows.part[k] = _mm256_add_epi32(lows.part[k], _mm256_madd_epi16(q.part[k], low));
        highs.part[k] = _mm256_add_epi32(highs.part[k], _mm256_madd_epi16(q.part[k], high));
      }
    }
    for (int k = 0; k < 4; ++k) lows.part[k] = rounded(lows.part[k], highs.part[k]);
    store_quarters(lows, target + start);
  }

  /// Rows shorter than a step, through copies that are long enough.
  INTR_AVX2 void short_row(std::size_t y, std::span<const std::uint8_t* const> rows,
                           std::size_t length, std::uint8_t* target) const {
    std::vector<std::uint8_t> copies(rows.size() * kStep);
    std::vector<const std::uint8_t*> padded(rows.size());
    for (std::size_t j = 0; j < rows.size(); ++j) {
      padded[j] = copies.data() + j * kStep;
      std::memcpy(copies.data() + j * kStep, rows[j], length);
    }
    std::uint8_t result[kStep];
    many_rows(pairs_.of(y), padded, 0, result);
    std::memcpy(target, result, length);
  }

  RowPairs pairs_;
};

}  // namespace

std::unique_ptr<const ColumnPass> make_pair_columns_avx2(const ResizeAxis& axis) {
  auto tables = PairColumns::Tables::make(axis, PairColumns::kGroups);
  return tables ? std::make_unique<PairColumns>(std::move(*tables)) : nullptr;
}

std::unique_ptr<const ColumnPass> make_wide_columns_avx2(const ResizeAxis& axis) {
  auto tables = WideTables::make(axis);
  return tables ? std::make_unique<WideColumns>(std::move(*tables)) : nullptr;
}

std::unique_ptr<const RowPass> make_rows_avx2(ResizeAxis axis) {
  return std::make_unique<Avx2Rows>(std::move(axis));
}

}  // namespace intr

#endif

// SPDX-License-Identifier: Apache-2.0
// Needs AVX-512 with BW, VBMI and VNNI: Intel's from Ice Lake, AMD's from Zen 4.
#include "resize_passes.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "pair_tables.h"
#include "row_pairs.h"

#define INTR_AVX512_TARGET target("avx2,avx512f,avx512bw,avx512vbmi,avx512vnni")
#define INTR_AVX512 __attribute__((INTR_AVX512_TARGET))
#define INTR_AVX512_INLINE inline __attribute__((always_inline, INTR_AVX512_TARGET))

namespace intr {
namespace {

constexpr int kLowBits = SplitWeight::kLowBits;

/// Target values of one pair of source values each: (half + low) / 2^11, plus high, / 2^11.
INTR_AVX512_INLINE __m512i weighted(__m512i pairs, __m512i low, __m512i high) {
  const __m512i half = _mm512_set1_epi32(1 << (kWeightBits - 1));
  const __m512i below = _mm512_srli_epi32(_mm512_dpwssd_epi32(half, pairs, low), kLowBits);
  return _mm512_srli_epi32(_mm512_dpwssd_epi32(below, pairs, high), kWeightBits - kLowBits);
}

/// The horizontal pass of windows of one or two pixels: 16 values a group, 64 a block.
class PairColumns : public ColumnPass {
 public:
  static constexpr std::size_t kGroups = 4;  ///< of a block
  using Tables = PairTables<16, 64>;
  explicit PairColumns(Tables tables) : tables_(std::move(tables)) {}

  INTR_AVX512 void run(const Sources& sources, const Targets& targets) const override {
    const Tables::Group* group = tables_.groups.data();
    const std::int32_t* offset = tables_.offsets.data();
    const std::size_t blocks = tables_.groups.size() / kGroups;
    for (std::size_t block = 0; block < blocks; ++block) {
      for (std::size_t row = 0; row < kRows; ++row)
        _mm512_storeu_si512(targets[row] + block * 64, block_of(group, offset, sources[row]));
      group += kGroups;
      offset += kGroups;
    }
  }

 private:
  INTR_AVX512_INLINE static __m512i block_of(const Tables::Group* group, const std::int32_t* offset,
                                             const std::uint8_t* source) {
    const __m512i a = values(group[0], source + offset[0]);
    const __m512i b = values(group[1], source + offset[1]);
    const __m512i c = values(group[2], source + offset[2]);
    const __m512i d = values(group[3], source + offset[3]);
    // Packing works on quarters of a register: fours of values come out as a b c d, a b c d, ...
    const __m512i packed =
        _mm512_packus_epi16(_mm512_packus_epi32(a, b), _mm512_packus_epi32(c, d));
    const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, packed);
  }

  INTR_AVX512_INLINE static __m512i values(const Tables::Group& group, const std::uint8_t* source) {
    constexpr __mmask64 kLowerBytes = 0x5555'5555'5555'5555;
    const __m512i pairs = _mm512_maskz_permutexvar_epi8(
        kLowerBytes, _mm512_load_si512(group.shuffle.data()), _mm512_loadu_si512(source));
    return weighted(pairs, _mm512_load_si512(group.low.data()),
                    _mm512_load_si512(group.high.data()));
  }

  Tables tables_;
};

class Avx512Rows : public RowPass {
 public:
  explicit Avx512Rows(ResizeAxis axis) : RowPass(std::move(axis)), pairs_(this->axis()) {}

  INTR_AVX512 void run(std::size_t y, std::span<const std::uint8_t* const> rows, std::size_t length,
                       std::uint8_t* target) const override {
    if (rows.size() == 1) {  // its weight is one
      std::memcpy(target, rows[0], length);
      return;
    }
    const RowPairs::Pair* pairs = pairs_.of(y);
    const std::size_t whole = length / kStep * kStep;
    const __mmask64 rest = (std::uint64_t{1} << (length - whole)) - 1;
    constexpr __mmask64 kAll = ~std::uint64_t{0};
    if (rows.size() == 2) {
      for (std::size_t start = 0; start < whole; start += kStep)
        two_rows(*pairs, rows, start, kAll, target);
      if (rest != 0) two_rows(*pairs, rows, whole, rest, target);
    } else {
      for (std::size_t start = 0; start < whole; start += kStep)
        many_rows(pairs, rows, start, kAll, target);
      if (rest != 0) many_rows(pairs, rows, whole, rest, target);
    }
  }

 private:
  static constexpr std::size_t kStep = 64;

  /// Bytes of two rows as pairs of 16 bits: the sixteen of each part that packing puts in order.
  struct Quarters {
    __m512i part[4];
  };
  INTR_AVX512_INLINE static Quarters interleaved(const std::uint8_t* first,
                                                 const std::uint8_t* second, __mmask64 mask) {
    const __m512i zero = _mm512_setzero_si512();
    const __m512i a = _mm512_maskz_loadu_epi8(mask, first);
    const __m512i b = _mm512_maskz_loadu_epi8(mask, second);
    const __m512i lower = _mm512_unpacklo_epi8(a, b), upper = _mm512_unpackhi_epi8(a, b);
    return {{_mm512_unpacklo_epi8(lower, zero), _mm512_unpackhi_epi8(lower, zero),
             _mm512_unpacklo_epi8(upper, zero), _mm512_unpackhi_epi8(upper, zero)}};
  }
  INTR_AVX512_INLINE static void store_quarters(const Quarters& q, __mmask64 mask,
                                                std::uint8_t* target) {
    _mm512_mask_storeu_epi8(target, mask,
                            _mm512_packus_epi16(_mm512_packus_epi32(q.part[0], q.part[1]),
                                                _mm512_packus_epi32(q.part[2], q.part[3])));
  }

  INTR_AVX512_INLINE static void two_rows(const RowPairs::Pair& pair,
                                          std::span<const std::uint8_t* const> rows,
                                          std::size_t start, __mmask64 mask, std::uint8_t* target) {
    const __m512i low = _mm512_set1_epi32(pair.low), high = _mm512_set1_epi32(pair.high);
    Quarters q = interleaved(rows[0] + start, rows[1] + start, mask);
    for (__m512i& part : q.part) part = weighted(part, low, high);
    store_quarters(q, mask, target + start);
  }

  INTR_AVX512_INLINE static void many_rows(const RowPairs::Pair* pairs,
                                           std::span<const std::uint8_t* const> rows,
                                           std::size_t start, __mmask64 mask,
                                           std::uint8_t* target) {
    const __m512i half = _mm512_set1_epi32(1 << (kWeightBits - 1));
    Quarters lows, highs;
    for (int k = 0; k < 4; ++k) {
      lows.part[k] = half;
      highs.part[k] = _mm512_setzero_si512();
    }
    for (std::size_t row = 0; row < rows.size(); row += 2, ++pairs) {
      const std::uint8_t* second = rows[std::min(row + 1, rows.size() - 1)];
      const Quarters q = interleaved(rows[row] + start, second + start, mask);
      const __m512i low = _mm512_set1_epi32(pairs->low), high = _mm512_set1_epi32(pairs->high);
      for (int k = 0; k < 4; ++k) {
        lows.part[k] = _mm512_dpwssd_epi32(lows.part[k], q.part[k], low);
        highs.part[k] = _mm512_dpwssd_epi32(highs.part[k], q.part[k], high);
      }
    }
    for (int k = 0; k < 4; ++k) {
      const __m512i sum =
          _mm512_add_epi32(_mm512_slli_epi32(highs.part[k], kLowBits), lows.part[k]);
      lows.part[k] = _mm512_srli_epi32(sum, kWeightBits);
    }
    store_quarters(lows, mask, target + start);
  }

  RowPairs pairs_;
};

}  // namespace

std::unique_ptr<const ColumnPass> make_pair_columns_avx512(const ResizeAxis& axis) {
  auto tables = PairColumns::Tables::make(axis, PairColumns::kGroups);
  return tables ? std::make_unique<PairColumns>(std::move(*tables)) : nullptr;
}

std::unique_ptr<const RowPass> make_rows_avx512(ResizeAxis axis) {
  return std::make_unique<Avx512Rows>(std::move(axis));
}

}  // namespace intr

#endif

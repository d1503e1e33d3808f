// SPDX-License-Identifier: Apache-2.0
#include "intr/data/normalize.h"
#include "normalize_rows.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <array>

#define INTR_AVX2 __attribute__((target("avx2,fma")))
#define INTR_AVX2_INLINE inline __attribute__((always_inline, target("avx2,fma")))

namespace intr {
namespace {

constexpr std::size_t kLanes = 8;
constexpr std::size_t kStep = 3 * kLanes;  // after which channels and lanes meet again

/// x / divisor, rounded as a division rounds, without its latency: a first quotient is corrected by
/// its exact remainder. True for the values that occur here; a test tries them all.
INTR_AVX2_INLINE __m256 quotient(__m256 x, __m256 divisor, __m256 inverse) {
  const __m256 first = _mm256_mul_ps(x, inverse);
  const __m256 remainder = _mm256_fnmadd_ps(first, divisor, x);
  return _mm256_fmadd_ps(remainder, inverse, first);
}

/// Eight values' means, deviations and inverse deviations.
struct Lanes {
  __m256 mean, deviation, inverse;
};

/// Each channel's number, from the channel of the first value on.
INTR_AVX2_INLINE __m256 lanes_of(const std::array<float, 3>& numbers, std::size_t channel) {
  const float a = numbers[channel], b = numbers[(channel + 1) % 3], c = numbers[(channel + 2) % 3];
  return _mm256_setr_ps(a, b, c, a, b, c, a, b);
}
INTR_AVX2_INLINE Lanes lanes_from(std::size_t channel) {
  const __m256 deviation = lanes_of(kImageDeviation, channel);
  return {lanes_of(kImageMean, channel), deviation, _mm256_div_ps(_mm256_set1_ps(1), deviation)};
}

INTR_AVX2_INLINE __m256 normalized(const std::uint8_t* source, const Lanes& lanes) {
  const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(source));
  const __m256 values = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
  const __m256 unit = quotient(values, _mm256_set1_ps(255.0F), _mm256_set1_ps(1.0F / 255.0F));
  return quotient(_mm256_sub_ps(unit, lanes.mean), lanes.deviation, lanes.inverse);
}

}  // namespace

INTR_AVX2 void normalize_row_avx2(const std::uint8_t* source, std::size_t count, float* target,
                                  std::size_t zeros) {
  const Lanes first = lanes_from(0), second = lanes_from(kLanes % 3),
              third = lanes_from(2 * kLanes % 3);
  std::size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    _mm256_storeu_ps(target + i, normalized(source + i, first));
    _mm256_storeu_ps(target + i + kLanes, normalized(source + i + kLanes, second));
    _mm256_storeu_ps(target + i + 2 * kLanes, normalized(source + i + 2 * kLanes, third));
  }
  normalize_row(source + i, count - i, target + i, zeros);
}

}  // namespace intr

#else

namespace intr {

void normalize_row_avx2(const std::uint8_t* source, std::size_t count, float* target,
                        std::size_t zeros) {
  normalize_row(source, count, target, zeros);
}

}  // namespace intr

#endif

// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize_kernels.h"

#include <algorithm>

namespace intr {

namespace {

#if defined(__x86_64__)
#define INTR_AVX2 __attribute__((target("avx2")))
#else
#define INTR_AVX2
#endif
#define INTR_INLINE inline __attribute__((always_inline))

using Window = ResizeAxis::Window;

constexpr std::int32_t kHalf = 1 << (kWeightBits - 1);

INTR_INLINE std::uint8_t to_byte(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::min(sum >> kWeightBits, 255));  // never negative
}

/// One target row of the horizontal pass.
INTR_INLINE void column_row(const std::uint8_t* source, const ResizeAxis& axis,
                            std::uint8_t* target) {
  for (const Window& window : axis.windows()) {
    const std::int32_t* weights = axis.weights(window);
    const std::uint8_t* pixel = source + window.first * 3;
    std::int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (std::int64_t j = 0; j < window.taps; ++j, pixel += 3) {
      red += weights[j] * pixel[0];
      green += weights[j] * pixel[1];
      blue += weights[j] * pixel[2];
    }
    target[0] = to_byte(red);
    target[1] = to_byte(green);
    target[2] = to_byte(blue);
    target += 3;
  }
}

/// One target row of the vertical pass. The common numbers of source rows have loops of their own,
/// which the compiler turns into vector instructions.
INTR_INLINE void row_from_rows(const std::uint8_t* source, std::int64_t length, std::int64_t taps,
                               const std::int32_t* weights, std::uint8_t* __restrict__ target) {
  if (taps == 1) {
    const std::int32_t a = weights[0];
    for (std::int64_t i = 0; i < length; ++i) target[i] = to_byte(kHalf + a * source[i]);
    return;
  }
  if (taps == 2) {
    const std::int32_t a = weights[0], b = weights[1];
    const std::uint8_t* second = source + length;
    for (std::int64_t i = 0; i < length; ++i)
      target[i] = to_byte(kHalf + a * source[i] + b * second[i]);
    return;
  }
  constexpr std::int64_t kBlock = 128;
  for (std::int64_t start = 0; start < length; start += kBlock) {
    const std::int64_t count = std::min(kBlock, length - start);
    std::int32_t sums[kBlock];
    std::fill_n(sums, kBlock, kHalf);
    for (std::int64_t j = 0; j < taps; ++j) {
      const std::uint8_t* row = source + j * length + start;
      const std::int32_t weight = weights[j];
      for (std::int64_t i = 0; i < count; ++i) sums[i] += weight * row[i];
    }
    for (std::int64_t i = 0; i < count; ++i) target[start + i] = to_byte(sums[i]);
  }
}

INTR_INLINE void all_columns(const Image& source, const ResizeAxis& axis, Image& target) {
  for (std::int64_t y = 0; y < source.size.height; ++y)
    column_row(source.rgb.data() + y * source.size.width * 3, axis,
               target.rgb.data() + y * target.size.width * 3);
}

INTR_INLINE void all_rows(const Image& source, const ResizeAxis& axis, Image& target) {
  const std::int64_t length = source.size.width * 3;
  std::uint8_t* out = target.rgb.data();
  for (const Window& window : axis.windows()) {
    row_from_rows(source.rgb.data() + window.first * length, length, window.taps,
                  axis.weights(window), out);
    out += length;
  }
}

INTR_AVX2 void columns_avx2(const Image& source, const ResizeAxis& axis, Image& target) {
  all_columns(source, axis, target);
}
INTR_AVX2 void rows_avx2(const Image& source, const ResizeAxis& axis, Image& target) {
  all_rows(source, axis, target);
}

}  // namespace

ResizeKernel best_resize_kernel() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") != 0) return ResizeKernel::kAvx2;
#endif
  return ResizeKernel::kScalar;
}

void resize_columns(const Image& source, const ResizeAxis& axis, Image& target,
                    ResizeKernel kernel) {
  if (kernel == ResizeKernel::kAvx2)
    columns_avx2(source, axis, target);
  else
    all_columns(source, axis, target);
}

void resize_rows(const Image& source, const ResizeAxis& axis, Image& target, ResizeKernel kernel) {
  if (kernel == ResizeKernel::kAvx2)
    rows_avx2(source, axis, target);
  else
    all_rows(source, axis, target);
}

}  // namespace intr

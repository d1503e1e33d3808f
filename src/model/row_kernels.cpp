// SPDX-License-Identifier: Apache-2.0
#include "intr/model/row_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

// Vectors of 64 bytes are passed between functions that are all inlined: no caller sees how.
#pragma GCC diagnostic ignored "-Wpsabi"
#define INTR_INLINE inline __attribute__((always_inline))
#define INTR_LAMBDA __attribute__((always_inline))

namespace intr {
namespace {

#define INTR_NATIVE_LANES 4
namespace any {
#include "row_kernels.inl"
}  // namespace any
#undef INTR_NATIVE_LANES

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC target("avx2")
#define INTR_NATIVE_LANES 8
namespace avx2 {
#include "row_kernels.inl"
}  // namespace avx2
#undef INTR_NATIVE_LANES
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,avx512f,avx512bw,avx512dq,avx512vl")
#define INTR_NATIVE_LANES 16
namespace avx512 {
#include "row_kernels.inl"
}  // namespace avx512
#pragma GCC pop_options
#define INTR_X86_KERNELS
#endif

}  // namespace

DropoutMask make_dropout_mask(double rate, std::uint64_t key) {
  const double dropped = std::min(std::round(rate * 65536), 65535.0);
  return {.key = key,
          .threshold = static_cast<std::uint32_t>(dropped),
          .scale = static_cast<float>(65536 / (65536 - dropped))};
}

const std::vector<RowKernels>& all_row_kernels() {
  static const std::vector<RowKernels> found = [] {
    std::vector<RowKernels> usable = {any::kernels("default")};
#ifdef INTR_X86_KERNELS
    if (__builtin_cpu_supports("avx2")) usable.push_back(avx2::kernels("avx2"));
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
      usable.push_back(avx512::kernels("avx512"));
#endif
    return usable;
  }();
  return found;
}

}  // namespace intr

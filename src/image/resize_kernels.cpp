// SPDX-License-Identifier: Apache-2.0
#include "intr/image/resize_kernels.h"

#include <utility>

#include "resize_passes.h"

namespace intr {

const std::vector<ResizeKernel>& resize_kernels() {
  static const std::vector<ResizeKernel> kernels = [] {
    std::vector<ResizeKernel> found = {ResizeKernel::kScalar};
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) found.push_back(ResizeKernel::kAvx2);
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vbmi") &&
        __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx2"))
      found.push_back(ResizeKernel::kAvx512);
#endif
    return found;
  }();
  return kernels;
}

ResizeKernel best_resize_kernel() { return resize_kernels().back(); }

std::unique_ptr<const ColumnPass> make_column_pass(ResizeAxis axis, ResizeKernel kernel) {
  std::unique_ptr<const ColumnPass> pass;
#if defined(__x86_64__)
  if (kernel == ResizeKernel::kAvx512) pass = make_pair_columns_avx512(axis);
  if (!pass && kernel != ResizeKernel::kScalar) pass = make_pair_columns_avx2(axis);
  if (!pass && kernel != ResizeKernel::kScalar) pass = make_wide_columns_avx2(axis);
#endif
  return pass ? std::move(pass) : make_scalar_columns(std::move(axis));
}

std::unique_ptr<const RowPass> make_row_pass(ResizeAxis axis, ResizeKernel kernel) {
#if defined(__x86_64__)
  if (kernel == ResizeKernel::kAvx512) return make_rows_avx512(std::move(axis));
  if (kernel == ResizeKernel::kAvx2) return make_rows_avx2(std::move(axis));
#endif
  return make_scalar_rows(std::move(axis));
}

}  // namespace intr

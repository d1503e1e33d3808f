// SPDX-License-Identifier: Apache-2.0
#include "tile_product.h"

#include <ATen/core/grad_mode.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <c10/util/Exception.h>

#include <array>

namespace intr {
namespace {

namespace blas = at::native::cpublas;

/// LibTorch does not say whether oneDNN has kernels for tiles on this processor: it throws.
template <class T>
bool tiles_work() {
  try {
    const std::array<T, 256> ones = {};
    std::array<float, 256> sums = {};
    blas::brgemm(16, 16, 16, 16, 16, 16, false, ones.data(), ones.data(), sums.data(),
                 sizeof(T) == 2);
    blas::brgemm_release(sizeof(T) == 2);
    return true;
  } catch (const c10::Error&) {
    return false;
  }
}

bool has_float_tiles() {
  static const bool works = tiles_work<float>();
  return works;
}

at::Tensor matrix(const float* values, std::int64_t rows, std::int64_t columns) {
  return at::from_blob(const_cast<float*>(values), {rows, columns}, at::kFloat);
}

}  // namespace

void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
                  float* c, bool add) {
  if (has_float_tiles()) {
    blas::brgemm(m, n, k, k, n, n, add, a, b, c, false);
    return;
  }
  const at::NoGradGuard no_grad;
  at::Tensor sums = matrix(c, m, n);
  if (add)
    sums.addmm_(matrix(a, m, k), matrix(b, k, n));
  else
    at::mm_out(sums, matrix(a, m, k), matrix(b, k, n));
}

void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const c10::BFloat16* a,
                  const c10::BFloat16* b, float* c, bool add) {
  blas::brgemm(m, n, k, k, n, n, add, a, b, c, true);
}

bool has_bfloat16_tiles() {
  static const bool works = tiles_work<c10::BFloat16>();
  return works;
}

TileProducts::~TileProducts() {
  // Matrix units keep a shape per thread until they are told to forget it.
  if (has_float_tiles()) blas::brgemm_release(false);
  if (has_bfloat16_tiles()) blas::brgemm_release(true);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "tile_product.h"

#include <ATen/native/CPUBlas.h>

#include <array>
#include <exception>

// LibTorch has oneDNN's kernels for tiles since the versions that say so by these names.
#if !defined(CPUBLAS_BRGEMM_F32F32F32) || !defined(CPUBLAS_BRGEMM_BF16BF16F32)
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#define INTR_NO_TILES
#endif

namespace intr {

#ifndef INTR_NO_TILES

namespace {

namespace blas = at::native::cpublas;

/// LibTorch does not say whether there is a kernel for this processor: asked for one that is not
/// there, oneDNN throws.
bool bfloat16_tiles_work() {
  constexpr std::int64_t kSide = 16;
  std::array<c10::BFloat16, kSide * kSide> ones;
  ones.fill(c10::BFloat16(1.0F));
  std::array<float, kSide* kSide> sums = {};
  try {
    blas::brgemm(kSide, kSide, kSide, kSide, kSide, kSide, false, ones.data(), ones.data(),
                 sums.data(), true);
    blas::brgemm_release(true);
  } catch (const std::exception&) {
    return false;
  }
  return sums.front() == static_cast<float>(kSide) && sums.back() == static_cast<float>(kSide);
}

}  // namespace

void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
                  float* c, bool add) {
  blas::brgemm(m, n, k, k, n, n, add, a, b, c, false);  // without a kernel it asks its BLAS
}

void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const c10::BFloat16* a,
                  const c10::BFloat16* b, float* c, bool add) {
  blas::brgemm(m, n, k, k, n, n, add, a, b, c, true);
}

bool has_bfloat16_tiles() {
  static const bool works = bfloat16_tiles_work();
  return works;
}

TileProducts::~TileProducts() {
  // Matrix units keep the shapes of tiles until they are told to forget them.
  if (has_bfloat16_tiles()) blas::brgemm_release(true);
}

#else

void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
                  float* c, bool add) {
  const auto matrix = [](const float* values, std::int64_t rows, std::int64_t columns) {
    return at::from_blob(const_cast<float*>(values), {rows, columns}, at::kFloat);
  };
  const at::Tensor product = at::mm(matrix(a, m, k), matrix(b, k, n));
  at::Tensor sums = matrix(c, m, n);
  if (add)
    sums.add_(product);
  else
    sums.copy_(product);
}

void tile_product(std::int64_t, std::int64_t, std::int64_t, const c10::BFloat16*,
                  const c10::BFloat16*, float*, bool) {}

bool has_bfloat16_tiles() { return false; }

TileProducts::~TileProducts() = default;

#endif

}  // namespace intr

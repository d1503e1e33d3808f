// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace intr {

/// Products of matrices that lie in the caches of one core, on the calling thread: C = A B, or C +=
/// A B. All are contiguous; C is float32, and so are all sums.
/// @param a [m, k]  @param b [k, n]  @param c [m, n]
void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
                  float* c, bool add = false);
/// The same of bfloat16 numbers, where has_bfloat16_tiles(). Two rows of b lie side by side: b is
/// [k / 2, n, 2], k even.
void tile_product(std::int64_t m, std::int64_t n, std::int64_t k, const c10::BFloat16* a,
                  const c10::BFloat16* b, float* c, bool add = false);

/// Whether this processor multiplies tiles of bfloat16 numbers.
bool has_bfloat16_tiles();

/// Leaves the thread as other code expects it. One while products are computed.
class TileProducts {
 public:
  TileProducts() = default;
  ~TileProducts();
  TileProducts(const TileProducts&) = delete;
  TileProducts& operator=(const TileProducts&) = delete;
};

}  // namespace intr

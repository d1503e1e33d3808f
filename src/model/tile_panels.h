// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "intr/model/row_kernels.h"
#include "tile_product.h"

/// Factors of tile products, made from matrices whose rows lie `stride` elements apart. Panels are
/// padded with zeros. T is what the matrix holds, P what the panel holds.
namespace intr {

/// Rows and columns of panels are multiples of this, so that few kinds of products exist: each is
/// compiled once and kept.
inline constexpr std::int64_t kPanelStep = 32;
static_assert(kPanelStep % kRowStep == 0);
inline std::int64_t padded(std::int64_t count) {
  return (count + kPanelStep - 1) / kPanelStep * kPanelStep;
}

/// Rows of a matrix.
template <class T>
struct Rows {
  const T* first = nullptr;
  std::int64_t count = 0, width = 0, stride = 0;
  const T* row(std::int64_t i) const { return first + i * stride; }
};

/// A left factor: [all, width], rows from rows.count on are 0.
template <class T, class P>
void pack_left(const Rows<T>& rows, std::int64_t all, P* panel) {
  for (std::int64_t i = 0; i < rows.count; ++i)
    std::copy_n(rows.row(i), rows.width, panel + i * rows.width);
  std::fill(panel + rows.count * rows.width, panel + all * rows.width, P(0.0F));
}

/// A left factor that is transposed: [width, all].
template <class T, class P>
void pack_left_transposed(const Rows<T>& rows, std::int64_t all, P* panel) {
  for (std::int64_t c = 0; c < rows.width; ++c) {
    P* out = panel + c * all;
    for (std::int64_t i = 0; i < rows.count; ++i) out[i] = rows.row(i)[c];
    std::fill(out + rows.count, out + all, P(0.0F));
  }
}

/// A right factor of `all` rows, from rows.count on 0.
template <class T, class P>
void pack_right(const Rows<T>& rows, std::int64_t all, P* panel) {
  if constexpr (std::is_same_v<P, float>) {
    pack_left(rows, all, panel);
  } else {
    std::fill(panel, panel + all * rows.width, P(0.0F));
    for (std::int64_t i = 0; i < rows.count; ++i) {
      P* out = panel + i / 2 * 2 * rows.width + i % 2;
      const T* row = rows.row(i);
      for (std::int64_t c = 0; c < rows.width; ++c) out[2 * c] = row[c];
    }
  }
}

/// A right factor that is transposed: `width` rows of `all` columns.
template <class T, class P>
void pack_right_transposed(const Rows<T>& rows, std::int64_t all, P* panel) {
  if constexpr (std::is_same_v<P, float>) {
    pack_left_transposed(rows, all, panel);
  } else {
    for (std::int64_t pair = 0; pair < rows.width / 2; ++pair) {
      P* out = panel + pair * 2 * all;
      for (std::int64_t i = 0; i < rows.count; ++i) {
        out[2 * i] = rows.row(i)[2 * pair];
        out[2 * i + 1] = rows.row(i)[2 * pair + 1];
      }
      std::fill(out + 2 * rows.count, out + 2 * all, P(0.0F));
    }
  }
}

}  // namespace intr

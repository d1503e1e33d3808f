// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "intr/image/resize_axis.h"
#include "split_weight.h"

namespace intr {

/// Weights of the vertical pass by pairs of neighboring rows.
class RowPairs {
 public:
  struct Pair {
    std::int32_t low = 0;   ///< of both rows, 16 bits each, the first row's below
    std::int32_t high = 0;  ///< likewise
  };

  explicit RowPairs(const ResizeAxis& axis) {
    firsts_.reserve(axis.windows().size());
    pairs_.reserve(axis.windows().size() * static_cast<std::size_t>((axis.max_taps() + 1) / 2));
    for (const ResizeAxis::Window& window : axis.windows()) {
      firsts_.push_back(pairs_.size());
      const std::int32_t* weights = axis.weights(window);
      for (std::int64_t j = 0; j < window.taps; j += 2) {
        const SplitWeight first(weights[j]);
        const SplitWeight second =
            j + 1 < window.taps ? SplitWeight(weights[j + 1]) : SplitWeight();
        pairs_.push_back({pair_of(first.low, second.low), pair_of(first.high, second.high)});
      }
    }
  }
  /// The pairs of window `y`; the last one's second weight may be 0 and have no row.
  const Pair* of(std::size_t y) const noexcept { return pairs_.data() + firsts_[y]; }

 private:
  std::vector<Pair> pairs_;
  std::vector<std::size_t> firsts_;
};

}  // namespace intr

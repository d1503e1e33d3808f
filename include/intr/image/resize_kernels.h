// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "intr/image/image.h"

namespace intr {

/// Bits behind the binary point of a weight: as many as let 255 times the sum of the weights fit 32
/// bits with a sign.
inline constexpr int kWeightBits = 22;

/// Which source pixels make each pixel of one axis, and with what weights.
class ResizeAxis {
 public:
  struct Window {
    std::int64_t first = 0;   ///< source pixel
    std::int64_t taps = 0;    ///< number of source pixels
    std::size_t weights = 0;  ///< where its weights begin
  };

  /// Adds the next target pixel; weights that round to 0 at the ends are left out.
  /// @param to_fixed turns a weight into its fixed-point number
  template <class ToFixed>
  void add(std::int64_t first, const std::vector<double>& weights, ToFixed to_fixed) {
    Window window{first, 0, weights_.size()};
    for (const double weight : weights) {
      const std::int32_t fixed = to_fixed(weight);
      if (fixed == 0 && window.taps == 0) {
        ++window.first;
        continue;
      }
      weights_.push_back(fixed);
      ++window.taps;
    }
    while (window.taps > 1 && weights_.back() == 0) {
      weights_.pop_back();
      --window.taps;
    }
    windows_.push_back(window);
  }

  const std::vector<Window>& windows() const noexcept { return windows_; }
  const std::int32_t* weights(const Window& window) const noexcept {
    return weights_.data() + window.weights;
  }

 private:
  std::vector<Window> windows_;
  std::vector<std::int32_t> weights_;
};

/// What a processor can do; the results are equal.
enum class ResizeKernel { kScalar, kAvx2 };
/// The fastest one of this processor.
ResizeKernel best_resize_kernel() noexcept;

/// Horizontal pass: target's width is the axis's, heights are equal. Sizes are set by the caller.
void resize_columns(const Image& source, const ResizeAxis& axis, Image& target,
                    ResizeKernel kernel = best_resize_kernel());
/// Vertical pass: target's height is the axis's, widths are equal.
void resize_rows(const Image& source, const ResizeAxis& axis, Image& target,
                 ResizeKernel kernel = best_resize_kernel());

}  // namespace intr

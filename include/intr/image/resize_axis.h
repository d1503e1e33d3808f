// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace intr {

/// Bits behind the binary point of a weight: as many as let 255 times the sum of the weights fit 32
/// bits with a sign.
inline constexpr int kWeightBits = 22;
inline constexpr std::int32_t kWeightOne = 1 << kWeightBits;

/// Which source pixels make each pixel of one side of a resized picture, and with what weights:
/// Pillow's bilinear filter to the last bit. Weights that round to 0 at the ends are left out.
class ResizeAxis {
 public:
  struct Window {
    std::int64_t first = 0;   ///< source pixel
    std::int64_t taps = 0;    ///< number of source pixels, at least 1
    std::size_t weights = 0;  ///< where its weights begin
  };

  /// @param in, out sides of source and result, at least 1
  /// @param begin, end the pixels of the result that are asked for: begin ... end - 1
  /// @param mirrored the source is read from its other end
  ResizeAxis(std::int64_t in, std::int64_t out, std::int64_t begin, std::int64_t end,
             bool mirrored = false);

  std::int64_t source_side() const noexcept { return in_; }
  std::int64_t max_taps() const noexcept { return max_taps_; }
  const std::vector<Window>& windows() const noexcept { return windows_; }
  /// Fixed-point numbers with kWeightBits bits behind the point, 0 to kWeightOne.
  const std::int32_t* weights(const Window& window) const noexcept {
    return weights_.data() + window.weights;
  }

 private:
  /// The next window, its weights from `place` on. @return how many it has
  std::size_t add(std::int64_t first, std::span<const double> weights, double sum,
                  std::size_t place);
  void mirror();

  std::int64_t in_;
  std::int64_t max_taps_ = 0;
  std::vector<Window> windows_;
  std::vector<std::int32_t> weights_;
};

}  // namespace intr

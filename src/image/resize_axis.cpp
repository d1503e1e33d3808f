// SPDX-License-Identifier: Apache-2.0
// Compiled without contraction of floating-point operations: the weights must be Pillow's.
#include "intr/image/resize_axis.h"

#include <algorithm>
#include <cmath>

namespace intr {

ResizeAxis::ResizeAxis(std::int64_t in, std::int64_t out, std::int64_t begin, std::int64_t end,
                       bool mirrored)
    : in_(in) {
  // All doubles, in Pillow's order of operations.
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double support = std::max(scale, 1.0);
  const double inverse = 1.0 / support;
  const auto most_taps =
      static_cast<std::size_t>(std::min(2 * support + 2, static_cast<double>(in)));
  std::vector<double> weights(most_taps);
  windows_.reserve(static_cast<std::size_t>(end - begin));
  weights_.resize(static_cast<std::size_t>(end - begin) * most_taps);
  std::size_t used = 0;
  for (std::int64_t x = begin; x < end; ++x) {
    const double center = (static_cast<double>(x) + 0.5) * scale;
    const std::int64_t low =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(center - support + 0.5));
    const std::int64_t high = std::min(in, static_cast<std::int64_t>(center + support + 0.5));
    double sum = 0;
    for (std::int64_t j = low; j < high; ++j) {
      const double distance = (static_cast<double>(j) - center + 0.5) * inverse;
      const double weight = std::max(0.0, 1.0 - std::abs(distance));
      weights[static_cast<std::size_t>(j - low)] = weight;
      sum += weight;
    }
    used += add(low, std::span(weights).first(static_cast<std::size_t>(high - low)), sum, used);
  }
  weights_.resize(used);
  if (mirrored) mirror();
}

std::size_t ResizeAxis::add(std::int64_t first, std::span<const double> weights, double sum,
                            std::size_t place) {
  Window window{first, 0, place};
  std::int32_t* fixed = weights_.data() + place;
  for (const double weight : weights) {
    const auto number = static_cast<std::int32_t>(0.5 + weight / sum * kWeightOne);
    if (number == 0 && window.taps == 0)
      ++window.first;
    else
      fixed[window.taps++] = number;
  }
  while (window.taps > 1 && fixed[window.taps - 1] == 0) --window.taps;
  max_taps_ = std::max(max_taps_, window.taps);
  windows_.push_back(window);
  return static_cast<std::size_t>(window.taps);
}

void ResizeAxis::mirror() {
  for (Window& window : windows_) {
    window.first = in_ - window.first - window.taps;
    const auto begin = weights_.begin() + static_cast<std::ptrdiff_t>(window.weights);
    std::reverse(begin, begin + window.taps);
  }
}

}  // namespace intr

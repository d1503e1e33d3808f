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
  windows_.reserve(static_cast<std::size_t>(end - begin));
  std::vector<double> weights;
  for (std::int64_t x = begin; x < end; ++x) {
    const double center = (static_cast<double>(x) + 0.5) * scale;
    const std::int64_t low =
        std::max<std::int64_t>(0, static_cast<std::int64_t>(center - support + 0.5));
    const std::int64_t high = std::min(in, static_cast<std::int64_t>(center + support + 0.5));
    weights.clear();
    double sum = 0;
    for (std::int64_t j = low; j < high; ++j) {
      const double distance = (static_cast<double>(j) - center + 0.5) * inverse;
      weights.push_back(std::max(0.0, 1.0 - std::abs(distance)));
      sum += weights.back();
    }
    add(low, weights, sum);
  }
  if (mirrored) mirror();
}

void ResizeAxis::add(std::int64_t first, const std::vector<double>& weights, double sum) {
  Window window{first, 0, weights_.size()};
  for (const double weight : weights) {
    const auto fixed = static_cast<std::int32_t>(0.5 + weight / sum * kWeightOne);
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
  max_taps_ = std::max(max_taps_, window.taps);
  windows_.push_back(window);
}

void ResizeAxis::mirror() {
  for (Window& window : windows_) {
    window.first = in_ - window.first - window.taps;
    const auto begin = weights_.begin() + static_cast<std::ptrdiff_t>(window.weights);
    std::reverse(begin, begin + window.taps);
  }
}

}  // namespace intr

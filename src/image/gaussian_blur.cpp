// SPDX-License-Identifier: Apache-2.0
#include "intr/image/gaussian_blur.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "intr/core/error.h"

namespace intr {
namespace {

/// out += weight * in
void add_weighted(std::span<float> out, const float* in, float weight) {
  for (std::size_t i = 0; i < out.size(); ++i) out[i] += weight * in[i];
}

void blur_rows(std::span<float> plane, std::size_t width, const std::vector<float>& weights) {
  const std::size_t radius = weights.size() / 2;
  std::vector<float> wide(width + 2 * radius);
  for (std::size_t start = 0; start < plane.size(); start += width) {
    const std::span<float> row = plane.subspan(start, width);
    std::fill_n(wide.begin(), radius, row.front());
    std::copy(row.begin(), row.end(), wide.begin() + static_cast<std::ptrdiff_t>(radius));
    std::fill_n(wide.rbegin(), radius, row.back());
    std::fill(row.begin(), row.end(), 0.0F);
    for (std::size_t k = 0; k < weights.size(); ++k) add_weighted(row, wide.data() + k, weights[k]);
  }
}

void blur_columns(std::span<float> plane, std::size_t width, const std::vector<float>& weights) {
  const std::vector<float> sharp(plane.begin(), plane.end());
  const auto height = static_cast<std::int64_t>(plane.size() / width);
  const auto radius = static_cast<std::int64_t>(weights.size() / 2);
  std::fill(plane.begin(), plane.end(), 0.0F);
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t k = -radius; k <= radius; ++k) {
      const auto from = static_cast<std::size_t>(std::clamp<std::int64_t>(y + k, 0, height - 1));
      add_weighted(plane.subspan(static_cast<std::size_t>(y) * width, width),
                   sharp.data() + from * width, weights[static_cast<std::size_t>(k + radius)]);
    }
}

}  // namespace

std::vector<float> gaussian_weights(double sigma) {
  if (!(sigma > 0)) throw InternalError("a Gaussian without width");
  const auto radius = static_cast<std::int64_t>(std::ceil(4 * sigma));
  std::vector<double> exact;
  double sum = 0;
  for (std::int64_t x = -radius; x <= radius; ++x) {
    const double distance = static_cast<double>(x) / sigma;
    exact.push_back(std::exp(-0.5 * distance * distance));
    sum += exact.back();
  }
  std::vector<float> weights;
  for (const double one : exact) weights.push_back(static_cast<float>(one / sum));
  return weights;
}

void gaussian_blur(std::span<float> plane, ImageSize size, double sigma) {
  if (size.area() <= 0 || std::ssize(plane) != size.area())
    throw InternalError("a plane of another size");
  const std::vector<float> weights = gaussian_weights(sigma);
  const auto width = static_cast<std::size_t>(size.width);
  blur_rows(plane, width, weights);
  blur_columns(plane, width, weights);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
// Compiled without contraction of floating-point operations: the weights must be Pillow's.
#include "intr/image/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "intr/core/error.h"
#include "intr/image/resize_kernels.h"

namespace intr {

namespace {

constexpr double kWeightOne = 1 << kWeightBits;

/// Weights of one axis. All doubles, in Pillow's order of operations.
ResizeAxis make_axis(std::int64_t in, std::int64_t out) {
  ResizeAxis axis;
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double support = std::max(scale, 1.0);
  const double inverse = 1.0 / support;
  std::vector<double> weights;
  for (std::int64_t x = 0; x < out; ++x) {
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
    axis.add(low, weights, [sum](double weight) {
      return static_cast<std::int32_t>(0.5 + weight / sum * kWeightOne);
    });
  }
  return axis;
}

}  // namespace

Image resize_bilinear(const Image& image, ImageSize size) {
  if (size.height < 1 || size.width < 1 || image.size.height < 1 || image.size.width < 1)
    throw InternalError(fmt::format("a resize from {} x {} to {} x {} pixels", image.size.width,
                                    image.size.height, size.width, size.height));
  const Image* source = &image;
  Image narrowed;
  if (size.width != image.size.width) {
    narrowed.size = {image.size.height, size.width};
    narrowed.rgb.resize(static_cast<std::size_t>(narrowed.size.area()) * 3);
    resize_columns(*source, make_axis(image.size.width, size.width), narrowed);
    source = &narrowed;
  }
  if (size.height == image.size.height) return source == &image ? image : std::move(narrowed);
  Image result{size, {}};
  result.rgb.resize(static_cast<std::size_t>(size.area()) * 3);
  resize_rows(*source, make_axis(image.size.height, size.height), result);
  return result;
}

void resize_bilinear_into(const Image& image, ImageSize size, ResizeScratch& scratch,
                          std::span<std::uint8_t> out) {
  resize_bilinear_into(image, size, {0, 0, size}, scratch, out);
}

void resize_bilinear_into(const Image& image, ImageSize size, const ResizeCrop& crop,
                          ResizeScratch&, std::span<std::uint8_t> out) {
  const Image whole = resize_bilinear(image, size);
  const auto row_bytes = crop.size.width * 3;
  for (std::int64_t y = 0; y < crop.size.height; ++y)
    std::copy_n(whole.rgb.data() + ((crop.top + y) * size.width + crop.left) * 3, row_bytes,
                out.data() + y * row_bytes);
}

ImageSize resized_size(ImageSize source, std::int64_t short_side, std::int64_t maximum) {
  const std::int64_t low = std::min(source.height, source.width);
  const std::int64_t high = std::max(source.height, source.width);
  if (low < 1) throw InternalError("the size rule needs a picture with pixels");
  if (maximum > 0 &&
      static_cast<double>(high) / static_cast<double>(low) * static_cast<double>(short_side) >
          static_cast<double>(maximum))
    short_side = static_cast<std::int64_t>(
        std::nearbyint(static_cast<double>(maximum * low) / static_cast<double>(high)));
  if (low == short_side) return source;
  const std::int64_t long_side = short_side * high / low;
  return source.width < source.height ? ImageSize{long_side, short_side}
                                      : ImageSize{short_side, long_side};
}

}  // namespace intr

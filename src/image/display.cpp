// SPDX-License-Identifier: Apache-2.0
#include "intr/image/display.h"

#include <algorithm>
#include <utility>

#include "intr/image/resize.h"

namespace intr {

namespace {

/// Calls copy(target pixel, source pixel) for every pixel of a picture of that size.
template <class SourceOf>
Image gather(const Image& source, ImageSize size, SourceOf source_of) {
  Image target{size, {}};
  target.rgb.resize(static_cast<std::size_t>(size.area()) * 3);
  std::uint8_t* out = target.rgb.data();
  for (std::int64_t y = 0; y < size.height; ++y) {
    for (std::int64_t x = 0; x < size.width; ++x) {
      const auto [row, column] = source_of(y, x);
      out = std::copy_n(source.rgb.data() + (row * source.size.width + column) * 3, 3, out);
    }
  }
  return target;
}

}  // namespace

Image upright(Image image, std::uint8_t tag) {
  if (tag < 2 || tag > 8) return image;
  const bool swapped = tag >= 5;
  const ImageSize from = image.size;
  const ImageSize size = swapped ? ImageSize{from.width, from.height} : from;
  const bool from_right = tag == 2 || tag == 3 || tag == 7 || tag == 8;
  const bool from_below = tag == 3 || tag == 4 || tag == 6 || tag == 7;
  return gather(image, size, [&](std::int64_t y, std::int64_t x) {
    std::int64_t row = swapped ? x : y, column = swapped ? y : x;
    if (from_below) row = from.height - 1 - row;
    if (from_right) column = from.width - 1 - column;
    return std::pair(row, column);
  });
}

Image scaled_for_display(const Image& image, std::int64_t long_side) {
  const std::int64_t longest = std::max(image.size.height, image.size.width);
  const auto scaled = [&](std::int64_t side) {
    return std::max<std::int64_t>(1, (side * long_side + longest / 2) / longest);
  };
  const ImageSize size{scaled(image.size.height), scaled(image.size.width)};
  const std::int64_t factor = (long_side + longest - 1) / longest;
  if (factor <= 1) return resize_bilinear(image, size);
  // Whole squares first; the reduction behind it gives all of them the same width.
  const ImageSize squares{image.size.height * factor, image.size.width * factor};
  return resize_bilinear(
      gather(image, squares,
             [&](std::int64_t y, std::int64_t x) { return std::pair(y / factor, x / factor); }),
      size);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intr/image/image.h"

namespace intr {

/// Bilinear resize with antialiasing, equal to Pillow's (horizontal pass first) bit for bit. A pass
/// whose size does not change is skipped. @param size both sides at least 1. Thread-safe.
Image resize_bilinear(const Image& image, ImageSize size);

/// Memory of one thread that resizes, reused from picture to picture.
struct ResizeScratch {
  Image narrowed;  ///< between the passes
};

/// A part of a resized picture.
struct ResizeCrop {
  std::int64_t left = 0;
  std::int64_t top = 0;
  ImageSize size;
};

/// resize_bilinear straight into `out`. @param out [size.height, size.width, 3]
void resize_bilinear_into(const Image& image, ImageSize size, ResizeScratch& scratch,
                          std::span<std::uint8_t> out);
/// Only the part of the result that `crop` names, at the cost of that part.
/// @param out [crop.size.height, crop.size.width, 3]
/// @throws InternalError if the crop is empty or leaves the picture of `size`
void resize_bilinear_into(const Image& image, ImageSize size, const ResizeCrop& crop,
                          ResizeScratch& scratch, std::span<std::uint8_t> out);

/// torchvision's and DETR's size rule: the short side becomes `short_side` unless the long side
/// would exceed `maximum` (0: no maximum). Rounding as published; a side may become 0 and the long
/// side may exceed the maximum by the rounding.
ImageSize resized_size(ImageSize source, std::int64_t short_side, std::int64_t maximum);

}  // namespace intr

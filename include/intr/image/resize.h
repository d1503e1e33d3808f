// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/image/image.h"

namespace intr {

/// Bilinear resize with antialiasing, equal to Pillow's (horizontal pass first) bit for bit. A pass
/// whose size does not change is skipped. @param size both sides at least 1. Thread-safe.
Image resize_bilinear(const Image& image, ImageSize size);

/// torchvision's and DETR's size rule: the short side becomes `short_side` unless the long side
/// would exceed `maximum` (0: no maximum). Rounding as published; a side may become 0 and the long
/// side may exceed the maximum by the rounding.
ImageSize resized_size(ImageSize source, std::int64_t short_side, std::int64_t maximum);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "intr/image/image.h"

namespace intr {

/// An 8-bit RGB PNG. Equal pixels give equal bytes.
std::vector<std::byte> encode_png(const Image& image);
/// An 8-bit grey PNG. @param grey [height, width]
std::vector<std::byte> encode_png_grey(std::span<const std::uint8_t> grey, ImageSize size);
/// A baseline 4:4:4 JPEG. @param quality 1 to 100
std::vector<std::byte> encode_jpeg(const Image& image, int quality);
/// A lossy WebP. @param quality 1 to 100   @throws DataError if a side has more than 16,383 pixels
std::vector<std::byte> encode_webp(const Image& image, int quality);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "intr/image/decode.h"

namespace intr {

/// Decodes a PNG picture to Pillow's pixels: transparency and alpha are dropped, color profiles and
/// gamma ignored, 16-bit samples reduced to their high byte, except gray ones, which are clipped at
/// 255. The checksum of pixel chunks and a missing last chunk do not matter, a broken or short
/// pixel stream is an error. Of an animation the first frame.
/// @param facts if not null: filled in
/// @throws DataError with the reason. Thread-safe.
Image decode_png(std::span<const std::byte> bytes, const std::string& where, ImageFacts* facts);

/// What the chunks say; only the flags that need the pixels are missing.
ImageFacts probe_png(std::span<const std::byte> bytes, const std::string& where);

}  // namespace intr

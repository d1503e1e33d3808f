// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "intr/image/decode.h"

namespace intr {

/// Decodes a JPEG picture through libjpeg with Pillow's settings: exact integer transform, smooth
/// chroma upsampling; four components are inverted CMYK. A picture whose bytes end early, be it by
/// the end marker alone, is an error, never filled up with grey.
/// @param facts if not null: filled in
/// @throws DataError with libjpeg's reason. Thread-safe.
Image decode_jpeg(std::span<const std::byte> bytes, const std::string& where, ImageFacts* facts);

/// What the header says; only the flags that need the pixels are missing.
ImageFacts probe_jpeg(std::span<const std::byte> bytes, const std::string& where);

}  // namespace intr

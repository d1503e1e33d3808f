// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/image/image.h"

namespace intr {

/// The picture that make_golden.py resizes: every byte from its place alone.
inline Image pattern(ImageSize size) {
  Image image{size, {}};
  image.rgb.resize(static_cast<std::size_t>(size.area()) * 3);
  for (std::uint64_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = static_cast<std::uint8_t>((i * 2654435761u + (i * i >> 3)) >> 11 & 255);
  return image;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/image/image.h"

namespace intr {

/// Turns or mirrors a picture as its EXIF orientation tag asks. @param tag 1 to 8; others change
/// nothing
Image upright(Image image, std::uint8_t tag);

/// A picture for looking at: its long side becomes `long_side`. Reduced pictures are antialiased;
/// enlarged ones keep their pixels as crisp squares of equal size.
Image scaled_for_display(const Image& image, std::int64_t long_side);

}  // namespace intr

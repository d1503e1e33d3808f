// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "intr/core/image_size.h"

namespace intr {

/// A decoded picture: u8 RGB, rows from the top, no gaps.
struct Image {
  ImageSize size;
  std::vector<std::uint8_t> rgb;  ///< [height, width, 3]
};

}  // namespace intr

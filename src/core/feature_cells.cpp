// SPDX-License-Identifier: Apache-2.0
#include "intr/core/feature_cells.h"

namespace intr {

ImageSize feature_grid(ImageSize image, std::int64_t stride) {
  return {(image.height + stride - 1) / stride, (image.width + stride - 1) / stride};
}

std::int64_t valid_cells(std::int64_t length, std::int64_t padded, std::int64_t cells) {
  std::int64_t count = 0;
  while (count < cells && count * padded / cells < length) ++count;
  return count;
}

ImageSize valid_grid(ImageSize picture, ImageSize padded, ImageSize cells) {
  return {valid_cells(picture.height, padded.height, cells.height),
          valid_cells(picture.width, padded.width, cells.width)};
}

}  // namespace intr

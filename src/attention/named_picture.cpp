// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/named_picture.h"

#include "intr/image/encode.h"

namespace intr {

std::vector<std::byte> encode_picture(const Image& image, const OverlayOptions& options) {
  const auto quality = static_cast<int>(options.quality);
  if (options.format == "jpeg") return encode_jpeg(image, quality);
  if (options.format == "webp") return encode_webp(image, quality);
  return encode_png(image);
}

std::string picture_extension(const OverlayOptions& options) {
  return options.format == "jpeg" ? "jpg" : options.format;
}

}  // namespace intr

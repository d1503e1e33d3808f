// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <webp/encode.h>

#include <memory>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/image/encode.h"

namespace intr {

namespace {

struct FreeWebp {
  void operator()(std::uint8_t* bytes) const { WebPFree(bytes); }
};

}  // namespace

std::vector<std::byte> encode_webp(const Image& image, int quality) {
  const auto [height, width] = image.size;
  if (height > WEBP_MAX_DIMENSION || width > WEBP_MAX_DIMENSION)
    throw DataError(fmt::format("a WebP holds at most {} pixels a side, not {} x {}",
                                WEBP_MAX_DIMENSION, width, height),
                    {}, "use another --format, or a smaller --long-side");
  std::uint8_t* written = nullptr;
  const std::size_t count =
      WebPEncodeRGB(image.rgb.data(), checked_cast<int>(width), checked_cast<int>(height),
                    checked_cast<int>(width * 3), static_cast<float>(quality), &written);
  const std::unique_ptr<std::uint8_t, FreeWebp> owned(written);
  if (count == 0)
    throw InternalError(fmt::format("cannot write a WebP of {} x {} pixels", width, height));
  const auto* bytes = reinterpret_cast<const std::byte*>(owned.get());
  return {bytes, bytes + count};
}

}  // namespace intr

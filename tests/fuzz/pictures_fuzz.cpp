// SPDX-License-Identifier: Apache-2.0
// Feeds bytes to the readers of pictures, which must refuse them with a DataError or decode them to
// the size that their header says. Any other exception, a fault that a sanitizer sees, a slow or a
// large input is a finding.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "intr/core/error.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

/// Small pictures reach the same code, and many more of them a second.
constexpr std::int64_t kMostPixels = 1 << 16;

constexpr DecodePolicy kPolicies[] = {
    {.max_pixels = kMostPixels},
    {.apply_exif = true, .scale_gray16 = true, .max_pixels = kMostPixels}};

std::optional<ImageFacts> probe(std::span<const std::byte> bytes, const DecodePolicy& policy) {
  try {
    return probe_image(bytes, "input", policy);
  } catch (const DataError&) {  // nothing else may escape
    return std::nullopt;
  }
}

void require(bool holds, const char* what) {
  if (!holds) throw std::logic_error(what);
}

/// Packing trusts the header of a picture that it never decodes.
void require_as_said(const Image& image, const ImageFacts& facts, const ImageFacts& header,
                     const DecodePolicy& policy) {
  require(facts.codec == header.codec && facts.mode == header.mode && facts.size == header.size &&
              facts.orientation == header.orientation,
          "the header says something else than the picture");
  require((facts.flags & header.flags) == header.flags, "a flag of the header is lost");
  const bool turned = policy.apply_exif && (facts.flags & kOrientationApplied) == 0;
  ImageSize size = facts.size;
  if (turned && facts.orientation >= 5) std::swap(size.width, size.height);
  require(image.size == size && image.size.area() <= kMostPixels, "another size than was said");
  require(image.rgb.size() == static_cast<std::size_t>(size.area()) * 3, "too few or many bytes");
}

void decode(std::span<const std::byte> bytes, const DecodePolicy& policy) {
  const std::optional<ImageFacts> header = probe(bytes, policy);
  Image image;
  ImageFacts facts;
  try {
    image = decode_image(bytes, "input", &facts, policy);
  } catch (const DataError&) {
    return;
  }
  require(header.has_value(), "decoded, but its header was refused");
  require_as_said(image, facts, *header, policy);
}

}  // namespace
}  // namespace intr

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const intr::DecodePolicy& policy : intr::kPolicies)
    intr::decode(std::as_bytes(std::span(data, size)), policy);
  return 0;
}

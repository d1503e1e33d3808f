// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "intr/core/error.h"
#include "intr/image/image.h"

namespace intr {

/// What encodes a picture; its first bytes decide, never its name. On disk: never renumber.
enum class Codec : std::uint8_t {
  kUnknown = 0,
  kJpeg = 1,
  kPng = 2,
  kWebp = 3,
  kBmp = 4,
  kPnm = 5,
  kTiff = 6,
  kGif = 7
};

/// Pillow's mode of the source picture. On disk: never renumber.
enum class PixelMode : std::uint8_t {
  kOther = 0,
  k1 = 1,
  kL = 2,
  kLA = 3,
  kP = 4,
  kPA = 5,
  kRGB = 6,
  kRGBA = 7,
  kCMYK = 8,
  kI16 = 9,
  kI32 = 10,
  kF = 11
};

/// What is odd about a picture: bits of /flags. On disk: never renumber.
enum ImageFlag : std::uint32_t {
  kProgressive = 1u << 0,
  kArithmetic = 1u << 1,
  kIcc = 1u << 2,
  kAnimated = 1u << 3,
  kAlphaDropped = 1u << 4,
  kClipped16 = 1u << 5,
  kDecoderWarning = 1u << 6,
  kTrailingBytes = 1u << 7,
  kDuplicate = 1u << 8,
  kReencoded = 1u << 9,
  kOrientationApplied = 1u << 10,
  kExtensionMismatch = 1u << 11,
};

/// What a picture says of itself.
struct ImageFacts {
  Codec codec = Codec::kUnknown;
  PixelMode mode = PixelMode::kOther;
  ImageSize size;                ///< as Pillow reports it after loading
  std::uint8_t orientation = 0;  ///< EXIF tag 1 to 8; 0 if there is none. Recorded, not applied
  std::uint32_t flags = 0;       ///< bits of ImageFlag
};

/// Pictures of more pixels are refused from their header alone (Pillow's own limit).
inline constexpr std::int64_t kMaxPixels = 178'956'970;
/// Pictures of more pixels are worth a warning (Pillow's own limit).
inline constexpr std::int64_t kManyPixels = 89'478'485;

/// How a data set wants its pictures decoded; the defaults are the reference's (Pillow's).
struct DecodePolicy {
  bool apply_exif = false;    ///< turn the picture as its EXIF orientation asks
  bool scale_gray16 = false;  ///< 16-bit grey: v / 257, rounded down, instead of clipped at 255
  std::int64_t max_pixels = kMaxPixels;  ///< larger pictures are refused from their header
};

/// A picture that is broken; its message says where, if the codec knows.
struct PictureError : DataError {
  PictureError(std::string_view what, std::string_view where, std::int64_t at_byte)
      : DataError(what, where, "replace the file or leave it out"), offset(at_byte) {}
  std::int64_t offset;  ///< byte of the file; -1: not known
};

/// Refuses pictures without pixels or with more than `max_pixels`. @throws DataError
void check_pixel_limit(ImageSize size, const std::string& where,
                       std::int64_t max_pixels = kMaxPixels);

/// The codec that the first bytes name.
Codec sniff_codec(std::span<const std::byte> bytes) noexcept;
/// Lower-case name: "jpeg", "png", …
const char* codec_name(Codec codec) noexcept;

/// Decodes a picture of any codec to exactly the pixels of Pillow's Image.open(…).convert("RGB"),
/// unless the policy asks for others.
/// @param where the file or sample, for messages
/// @param facts if not null: filled in
/// @throws DataError if the bytes are no such picture, or end before the picture does. Thread-safe.
Image decode_image(std::span<const std::byte> bytes, const std::string& where,
                   ImageFacts* facts = nullptr, const DecodePolicy& policy = {});
/// The same into a picture whose memory is used again.
void decode_image_into(Image& image, std::span<const std::byte> bytes, const std::string& where,
                       const DecodePolicy& policy = {}, ImageFacts* facts = nullptr);

/// What the header of an encoded picture says; only the flags that need the pixels are missing.
ImageFacts probe_image(std::span<const std::byte> bytes, const std::string& where,
                       const DecodePolicy& policy = {});

}  // namespace intr

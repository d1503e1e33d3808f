// SPDX-License-Identifier: Apache-2.0
// One pair of functions for each codec that decode.h reads: its header alone, or its pixels. All of
// them throw DataError, need no lock, and check sizes before they take memory.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "intr/image/decode.h"

namespace intr {

/// An encoded picture and how it is to be decoded.
struct EncodedPicture {
  std::span<const std::byte> bytes;
  const std::string& where;  ///< the file or sample, for messages
  const DecodePolicy& policy;
};

/// @param kind   "BMP", "WebP", …
/// @param offset byte of the file; -1: not known
[[noreturn]] void refuse_picture(const EncodedPicture& picture, const char* kind,
                                 const std::string& reason, std::int64_t offset = -1);

/// Makes room for a picture of this size. Memory that `image` has is used again.
void set_size(Image& image, ImageSize size);

/// JPEG through libjpeg with Pillow's settings: exact integer transform, smooth chroma upsampling;
/// four components are inverted CMYK. A picture whose bytes end early, be it by the end marker
/// alone, is an error, never filled up with grey.
/// @param facts if not null: filled in; without it no markers are looked at
void decode_jpeg(const EncodedPicture& picture, Image& image, ImageFacts* facts);
/// What the header says; only the flags that need the pixels are missing.
ImageFacts probe_jpeg(const EncodedPicture& picture);

/// PNG with Pillow's pixels: transparency and alpha are dropped, color profiles and gamma ignored,
/// 16-bit samples reduced to their high byte, except gray ones, which are clipped at 255. The
/// checksum of pixel chunks and a missing last chunk do not matter, a broken or short pixel stream
/// is an error. Of an animation the first frame. @param facts if not null: filled in
void decode_png(const EncodedPicture& picture, Image& image, ImageFacts* facts);
/// What the chunks say; only the flags that need the pixels are missing.
ImageFacts probe_png(const EncodedPicture& picture);

/// First frame of a WebP picture as Pillow shows it: alpha dropped, hidden colors kept.
void decode_webp(const EncodedPicture& picture, Image& image, ImageFacts& facts);
ImageFacts probe_webp(const EncodedPicture& picture);

/// Windows and OS/2 bitmaps of 1, 4, 8, 16, 24 and 32 bits, plain, run-length coded or with masks.
void decode_bmp(const EncodedPicture& picture, Image& image, ImageFacts& facts);
ImageFacts probe_bmp(const EncodedPicture& picture);

/// PBM, PGM and PPM, as text or binary, with any maximum.
void decode_pnm(const EncodedPicture& picture, Image& image, ImageFacts& facts);
ImageFacts probe_pnm(const EncodedPicture& picture);

/// First page of a TIFF file; its orientation is applied, as Pillow does for no other format.
void decode_tiff(const EncodedPicture& picture, Image& image, ImageFacts& facts);
ImageFacts probe_tiff(const EncodedPicture& picture);

/// First frame of a GIF picture on its canvas.
void decode_gif(const EncodedPicture& picture, Image& image, ImageFacts& facts);
ImageFacts probe_gif(const EncodedPicture& picture);

}  // namespace intr

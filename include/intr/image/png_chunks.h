// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/image/decode.h"

namespace intr {

/// The chunks of a PNG file that matter here.
struct PngChunks {
  enum class Color : std::uint8_t { kGrey = 0, kRgb = 2, kPalette = 3, kGreyAlpha = 4, kRgba = 6 };

  std::uint32_t width = 0, height = 0;
  std::uint8_t depth = 0;  ///< bits of a sample
  Color color = Color::kGrey;
  bool interlaced = false;
  /// Colors of a palette; those that the file does not set are black, as in Pillow.
  std::array<std::array<std::uint8_t, 3>, 256> palette{};
  /// Contents of the consecutive pixel chunks: one zlib stream.
  std::vector<std::span<const std::byte>> pixels;
  ImageFacts facts;
};

/// Reads the structure of a PNG file as Pillow does: checksums of chunks before the pixels are
/// checked, and unknown chunks, wrong checksums of pixel chunks and a missing end are tolerated.
/// @throws DataError naming the chunk
PngChunks read_png_chunks(std::span<const std::byte> bytes, const std::string& where);

}  // namespace intr

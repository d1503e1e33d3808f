// SPDX-License-Identifier: Apache-2.0
#include "intr/image/png_chunks.h"

#include <gtest/gtest.h>

#include "image/golden.h"

namespace intr {
namespace {

TEST(PngChunks, HeaderAndPalette) {
  const std::vector<std::byte> bytes = golden_bytes("palette_short.png");
  const PngChunks png = read_png_chunks(bytes, "x");
  EXPECT_EQ(png.width, 37u);
  EXPECT_EQ(png.height, 29u);
  EXPECT_EQ(png.depth, 8);
  EXPECT_EQ(png.color, PngChunks::Color::kPalette);
  EXPECT_FALSE(png.interlaced);
  const std::array<std::uint8_t, 3> unset = {0, 0, 0};
  EXPECT_EQ(png.palette[200], unset);
  EXPECT_EQ(png.pixels.size(), 1u);
}

TEST(PngChunks, PixelChunksAreCollectedInOrder) {
  const std::vector<std::byte> split = golden_bytes("several_pixel_chunks.png");
  const std::vector<std::byte> whole = golden_bytes("rgb_transparent.png");
  std::vector<std::byte> joined;
  for (const auto part : read_png_chunks(split, "x").pixels)
    joined.insert(joined.end(), part.begin(), part.end());
  const auto one = read_png_chunks(whole, "x").pixels.at(0);
  EXPECT_EQ(joined, std::vector<std::byte>(one.begin(), one.end()));
}

}  // namespace
}  // namespace intr

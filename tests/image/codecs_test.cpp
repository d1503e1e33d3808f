// SPDX-License-Identifier: Apache-2.0
// Flags and refusals of WebP, BMP, PNM, TIFF and GIF pictures, and what the decode policy changes;
// decode_test compares their pixels.
#include <gtest/gtest.h>

#include <map>

#include "image/golden.h"
#include "intr/core/error.h"
#include "intr/image/decode.h"
#include "intr/image/display.h"

namespace intr {
namespace {

std::uint32_t flags_of(const std::string& name) {
  ImageFacts facts;
  decode_image(golden_bytes(name), name, &facts);
  return facts.flags;
}

std::string reason(const std::string& name) {
  try {
    decode_image(golden_bytes(name), name);
  } catch (const DataError& error) {
    return error.what();
  }
  return "decoded";
}

TEST(Codecs, FlagsSayWhatIsOdd) {
  const std::map<std::string, std::uint32_t> expected = {{"rgb.bmp", 0},
                                                         {"wide.pgm", kClipped16},
                                                         {"text.pgm", kClipped16},
                                                         {"binary.pgm", 0},
                                                         {"rgb.tif", 0},
                                                         {"la.tif", kAlphaDropped},
                                                         {"rgba.tif", kAlphaDropped},
                                                         {"gray16.tif", kClipped16},
                                                         {"orientation1.tif", 0},
                                                         {"orientation3.tif", kOrientationApplied},
                                                         {"pages.tif", kAnimated},
                                                         {"profile.tif", kIcc},
                                                         {"plain.gif", 0},
                                                         {"animated.gif", kAnimated},
                                                         {"lossy.webp", 0},
                                                         {"hidden_colors.webp", kAlphaDropped},
                                                         {"animated.webp", kAnimated},
                                                         {"profile.webp", kIcc}};
  for (const auto& [name, flags] : expected) EXPECT_EQ(flags_of(name), flags) << name;
}

TEST(Codecs, WhatIsNotReadIsNamed) {
  EXPECT_NE(reason("lab.tif").find("a TIFF picture with Lab colors"), std::string::npos);
  EXPECT_NE(reason("float.tif").find("floating-point samples"), std::string::npos);
  EXPECT_NE(reason("ycbcr.tif").find("YCbCr"), std::string::npos);
  EXPECT_NE(reason("masks_unknown.bmp").find("unknown color masks f, f0, f00"), std::string::npos);
  EXPECT_NE(reason("text_too_large.pgm").find("more than 100"), std::string::npos);
  EXPECT_NE(reason("cut_palette.tif").find("broken TIFF picture"), std::string::npos);
  for (const char* name : {"cut.bmp", "cut.ppm", "cut.tif", "cut.webp", "cut.gif", "runs8_cut.bmp"})
    EXPECT_NE(reason(name).find("broken "), std::string::npos) << name << ": " << reason(name);
}

TEST(Codecs, WideGreyCanBeScaledInsteadOfClipped) {
  for (const char* name : {"gray16_ramp.png", "wide.pgm", "gray16.tif"}) {
    ImageFacts facts;
    const Image clipped = decode_image(golden_bytes(name), name);
    const Image scaled = decode_image(golden_bytes(name), name, &facts, {.scale_gray16 = true});
    EXPECT_EQ(facts.flags & kClipped16, 0u) << name;
    EXPECT_NE(scaled.rgb, clipped.rgb) << name;
    EXPECT_EQ(scaled.size, clipped.size) << name;
  }
  const Image ramp =
      decode_image(golden_bytes("gray16_ramp.png"), "x", nullptr, {.scale_gray16 = true});
  const std::vector<std::uint8_t> expected = {0, 0, 0, 0, 0, 0, 0,   0,   0,
                                              0, 0, 0, 1, 1, 1, 255, 255, 255};
  EXPECT_EQ(ramp.rgb, expected);  // of 0, 1, 255, 256, 511, 65535
}

TEST(Codecs, OrientationsAreAppliedOnRequestAndNeverTwice) {
  for (const char* name : {"exif6.jpg", "exif3.png", "exif6.webp"}) {
    ImageFacts facts;
    const Image plain = decode_image(golden_bytes(name), name, &facts);
    const Image turned = decode_image(golden_bytes(name), name, nullptr, {.apply_exif = true});
    EXPECT_EQ(turned.rgb, upright(plain, facts.orientation).rgb) << name;
    EXPECT_NE(turned.rgb, plain.rgb) << name;
  }
  const Image plain = decode_image(golden_bytes("orientation6.tif"), "x");
  EXPECT_EQ(decode_image(golden_bytes("orientation6.tif"), "x", nullptr, {.apply_exif = true}).rgb,
            plain.rgb);
}

TEST(Codecs, TheLimitOfPixelsHoldsForEveryCodecBeforeAnythingIsDecoded) {
  for (const char* name :
       {"restart.jpg", "rgb.png", "rgb.bmp", "binary.ppm", "rgb.tif", "plain.gif", "lossy.webp"}) {
    const auto bytes = golden_bytes(name);
    const ImageSize size = decode_image(bytes, name).size;
    EXPECT_NO_THROW(decode_image(bytes, name, nullptr, {.max_pixels = size.area()})) << name;
    EXPECT_THROW(decode_image(bytes, name, nullptr, {.max_pixels = size.area() - 1}), DataError)
        << name;
    EXPECT_THROW(probe_image(bytes, name, {.max_pixels = size.area() - 1}), DataError) << name;
  }
}

TEST(Codecs, TheLimitOfPixelsHoldsForTheTilesOfASmallPicture) {
  const auto bytes = golden_bytes("huge_tile.tif");
  EXPECT_EQ(probe_image(bytes, "x", {.max_pixels = 9}).size.area(), 9);
  try {
    decode_image(bytes, "x", nullptr, {.max_pixels = 1'000'000});
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("16384 x 10000"), std::string::npos) << error.what();
  }
}

TEST(Codecs, MemoryOfAPictureIsUsedAgain) {
  Image image;
  decode_image_into(image, golden_bytes("rgb.png"), "x");
  const std::uint8_t* memory = image.rgb.data();
  for (const char* name :
       {"restart.jpg", "rgb.bmp", "binary.ppm", "rgb.tif", "plain.gif", "lossy.webp"}) {
    decode_image_into(image, golden_bytes(name), name);
    EXPECT_EQ(image.rgb.data(), memory) << name;
    EXPECT_EQ(image.rgb, decode_image(golden_bytes(name), name).rgb) << name;
  }
}

/// Bytes cut anywhere and bits flipped anywhere give a picture or a refusal, never anything else.
TEST(Codecs, DamageAnywhereIsARefusalOrAPicture) {
  int refused = 0;
  for (const char* name :
       {"palette.bmp", "runs8.bmp", "text.ppm", "wide1000.pgm", "lzw.tif", "jpeg.tif", "big.tif",
        "interlaced.gif", "canvas.gif", "lossy.webp", "animated.webp"}) {
    const std::vector<std::byte> whole = golden_bytes(name);
    const std::size_t step = std::max<std::size_t>(1, whole.size() / 150);
    for (std::size_t at = 0; at < whole.size(); at += step) {
      std::vector<std::byte> flipped = whole;
      flipped[at] ^= std::byte{0x41};
      for (const std::span<const std::byte> bytes :
           {std::span(whole).first(at), std::span<const std::byte>(flipped)}) {
        try {
          ImageFacts facts;
          const Image image = decode_image(bytes, name, &facts, {.max_pixels = 1'000'000});
          EXPECT_EQ(image.rgb.size(), static_cast<std::size_t>(image.size.area()) * 3);
        } catch (const DataError&) {
          ++refused;
        }
      }
    }
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "image/golden.h"
#include "intr/core/error.h"
#include "intr/image/decode.h"

namespace intr {
namespace {

std::uint32_t flags_of(const std::string& name) {
  ImageFacts facts;
  decode_image(golden_bytes(name), name, &facts);
  EXPECT_EQ(facts.codec, Codec::kPng);
  return facts.flags;
}

TEST(Png, FlagsSayWhatIsOdd) {
  EXPECT_EQ(flags_of("rgb.png"), 0u);
  EXPECT_EQ(flags_of("rgba.png"), kAlphaDropped);
  EXPECT_EQ(flags_of("gray_alpha16.png"), kAlphaDropped);
  EXPECT_EQ(flags_of("palette_transparent.png"), 0u);
  EXPECT_EQ(flags_of("gray16_ramp.png"), kClipped16);
  EXPECT_EQ(flags_of("gray16_low.png"), 0u);
  EXPECT_EQ(flags_of("profile.png"), kIcc);
  EXPECT_EQ(flags_of("animated.png"), kAnimated);
  EXPECT_EQ(flags_of("trailing.png"), kTrailingBytes);
  EXPECT_EQ(flags_of("no_end.png"), kDecoderWarning);
  EXPECT_EQ(flags_of("pixel_checksum.png"), kDecoderWarning);
}

TEST(Png, SixteenBitGraysAreClipped) {
  const Image image = decode_image(golden_bytes("gray16_ramp.png"), "x");
  const std::vector<std::uint8_t> expected = {0,   0,   0,   1,   1,   1,   255, 255, 255,
                                              255, 255, 255, 255, 255, 255, 255, 255, 255};
  EXPECT_EQ(image.rgb, expected);
}

TEST(Png, ReasonsAreNamed) {
  const auto reason = [](const char* name) -> std::string {
    try {
      decode_image(golden_bytes(name), name);
    } catch (const DataError& error) {
      return error.what();
    }
    return "decoded";
  };
  EXPECT_NE(reason("header_checksum.png").find("checksum of chunk IHDR"), std::string::npos);
  EXPECT_NE(reason("wrong_checksum_before_pixels.png").find("checksum of chunk gAMA"),
            std::string::npos);
  EXPECT_NE(reason("short_stream.png").find("Not enough image data"), std::string::npos);
  EXPECT_NE(reason("zero_width.png").find("0 x 29"), std::string::npos);
  EXPECT_NE(reason("odd_depth.png").find("3 bits"), std::string::npos);
  EXPECT_NE(reason("no_pixels.png").find("no pixels"), std::string::npos);
}

}  // namespace
}  // namespace intr

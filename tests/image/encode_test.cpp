// SPDX-License-Identifier: Apache-2.0
#include "intr/image/encode.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "image/pattern.h"
#include "intr/core/error.h"
#include "intr/image/decode.h"
#include "intr/image/resize.h"

namespace intr {
namespace {

TEST(Encode, PngComesBackUnchanged) {
  for (const ImageSize size : {ImageSize{1, 1}, ImageSize{5, 300}, ImageSize{64, 7}}) {
    const Image image = pattern(size);
    const std::vector<std::byte> bytes = encode_png(image);
    ImageFacts facts;
    EXPECT_EQ(decode_image(bytes, "png", &facts).rgb, image.rgb);
    EXPECT_EQ(facts.mode, PixelMode::kRGB);
    EXPECT_EQ(facts.flags, 0u);
    EXPECT_EQ(encode_png(image), bytes);
  }
}

TEST(Encode, GrayPng) {
  const std::vector<std::uint8_t> gray = {0, 50, 255, 7, 8, 9};
  ImageFacts facts;
  const Image image = decode_image(encode_png_grey(gray, {2, 3}), "png", &facts);
  EXPECT_EQ(image.size, (ImageSize{2, 3}));
  EXPECT_EQ(facts.mode, PixelMode::kL);
  for (std::size_t i = 0; i < image.rgb.size(); ++i) EXPECT_EQ(image.rgb[i], gray[i / 3]);
  EXPECT_THROW(encode_png_grey(gray, {2, 2}), InternalError);
}

TEST(Encode, JpegIsNearTheOriginal) {
  const Image image = resize_bilinear(pattern({4, 4}), {40, 50});
  const Image back = decode_image(encode_jpeg(image, 95), "jpeg");
  ASSERT_EQ(back.size, image.size);
  double difference = 0;
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    difference += std::abs(int{image.rgb[i]} - int{back.rgb[i]});
  EXPECT_LT(difference / static_cast<double>(image.rgb.size()), 3.0);
  EXPECT_LT(encode_jpeg(image, 20).size(), encode_jpeg(image, 95).size());
}

TEST(Encode, WebpIsNearTheOriginal) {
  const Image image = resize_bilinear(pattern({4, 4}), {40, 50});
  const std::vector<std::byte> bytes = encode_webp(image, 90);
  EXPECT_EQ(encode_webp(image, 90), bytes);
  const Image back = decode_image(bytes, "webp");
  ASSERT_EQ(back.size, image.size);
  double difference = 0;
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    difference += std::abs(int{image.rgb[i]} - int{back.rgb[i]});
  EXPECT_LT(difference / static_cast<double>(image.rgb.size()), 6.0);
  EXPECT_LT(encode_webp(image, 20).size(), bytes.size());
}

TEST(Encode, WhatAFormatCannotHoldIsRefused) {
  const Image image{{1, 70000}, std::vector<std::uint8_t>(210000)};
  EXPECT_THROW(encode_jpeg(image, 90), InternalError);
  EXPECT_THROW(encode_webp(image, 90), DataError);
  EXPECT_NO_THROW(encode_png(image));
  EXPECT_THROW(encode_png(Image{}), InternalError);
}

}  // namespace
}  // namespace intr

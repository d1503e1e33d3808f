// SPDX-License-Identifier: Apache-2.0
#include "preprocess/reencoding.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "intr/image/encode.h"
#include "intr/image/resize.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(Reencoding, SidesAreRoundedHalfUpAndNeverEnlarged) {
  EXPECT_EQ(reduced_size({375, 500}, 250).height, 188);  // 187.5
  EXPECT_EQ(reduced_size({375, 500}, 250).width, 250);
  EXPECT_EQ(reduced_size({500, 375}, 250).height, 250);
  EXPECT_EQ(reduced_size({1, 5000}, 10).height, 1);
  EXPECT_EQ(reduced_size({40, 30}, 40).width, 30);
}

TEST(Reencoding, ReducesWithPillowsFilterAndKeepsSmallPictures) {
  const Image picture = test::tiny_picture({60, 80}, 1, 2);
  const auto png = encode_png(picture);
  ImageFacts facts = probe_image(png, "x");
  const Reencoding rules{.max_side = 40, .store_png = true};
  ASSERT_TRUE(rules.concerns(facts));
  const auto stored = reencode(rules, png, "x", {}, facts);
  EXPECT_EQ(decode_image(stored, "x").rgb, resize_bilinear(picture, {30, 40}).rgb);
  EXPECT_EQ(facts.size.width, 40);
  EXPECT_EQ(facts.codec, Codec::kPng);
  EXPECT_NE(facts.flags & kReencoded, 0u);
  EXPECT_FALSE(rules.concerns(facts)) << "it is small now";
  ImageFacts as_jpeg = probe_image(png, "x");
  const Reencoding jpeg{.max_side = 40};
  EXPECT_EQ(sniff_codec(reencode(jpeg, png, "x", {}, as_jpeg)), Codec::kJpeg);
  EXPECT_EQ(as_jpeg.codec, Codec::kJpeg);
}

TEST(Reencoding, TranscodingKeepsThePixels) {
  const std::string text = "P6 2 1 255\n\x01\x02\x03\xf0\xf1\xf2";
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  ImageFacts facts = probe_image(bytes, "x");
  const Reencoding rules{.transcode = parse_transcode("tiff,pnm=png")};
  ASSERT_TRUE(rules.concerns(facts));
  const auto stored = reencode(rules, bytes, "x", {}, facts);
  EXPECT_EQ(decode_image(stored, "x").rgb, decode_image(bytes, "x").rgb);
  EXPECT_EQ(facts.codec, Codec::kPng);
}

TEST(Reencoding, RefusesWhatIsNoLosslessCodec) {
  EXPECT_TRUE(parse_transcode("").empty());
  EXPECT_EQ(parse_transcode("gif,gif=png").size(), 1u);
  for (const char* text : {"jpeg=png", "tiff", "tiff=jpeg", "=png", "x=png"})
    EXPECT_THROW(parse_transcode(text), UsageError) << text;
}

TEST(Reencoding, OptionsNameOnlyWhatChangesBytes) {
  nlohmann::ordered_json none = nlohmann::ordered_json::object(), some = none;
  Reencoding{}.add_to(none);
  EXPECT_TRUE(none.empty());
  Reencoding{.max_side = 9, .transcode = {Codec::kTiff, Codec::kBmp}}.add_to(some);
  EXPECT_EQ(some.dump(), R"({"max_side":9,"reduced_as":"jpeg 95","transcode":"bmp,tiff=png"})");
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/data/augmentation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "image/pattern.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/image/resize.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

constexpr ImageSize kPhoto = {375, 500};

Image gradient(ImageSize size) {
  Image image{size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.area()) * 3)};
  for (std::size_t i = 0; i < image.rgb.size(); ++i)
    image.rgb[i] = static_cast<std::uint8_t>((i * 37 + i / 97) % 256);
  return image;
}

TEST(Transform, NamesGoBothWays) {
  for (const char* name : {"val", "flip", "train", "val:64", "flip:96", "train:64"})
    EXPECT_EQ(Transform::parse(name).name(), name);
  EXPECT_EQ(Transform::parse("val:800").name(), "val");
  for (const char* name : {"", "crop", "val:", "val:0", "val:x", "val:64 ", "val:99999999"})
    EXPECT_THROW(Transform::parse(name), UsageError) << name;
}

TEST(Transform, ValidationOnlyResizes) {
  const TransformPlan plan = plan_transform({}, kPhoto, 42, 3, 17);
  EXPECT_FALSE(plan.flip);
  EXPECT_FALSE(plan.crop);
  EXPECT_EQ(plan.final, (ImageSize{800, 1066}));
  const Transform small = Transform::parse("val:64");  // maximum 107
  EXPECT_EQ(plan_transform(small, {100, 400}, 0, 0, 0).final, (ImageSize{27, 108}));
}

TEST(Transform, TooNarrowAfterResizingIsAnError) {
  EXPECT_THROW(plan_transform({}, {1, 5000}, 42, 0, 3), DataError);
}

TEST(Transform, FollowsTheNumberedDraws) {
  // Seed 42, epoch 3, sample 17: draws 0 to 3 are 40df…, bde0…, 3741…, a37a…: flip (0.253), branch
  // B (0.742), index of A's size floor(0.2158 * 11) = 2 -> 544, of B's floor(0.6386 * 3) = 1 ->
  // 500.
  const TransformPlan plan = plan_transform(Transform::parse("train"), kPhoto, 42, 3, 17);
  EXPECT_TRUE(plan.flip);
  EXPECT_TRUE(plan.crop);
  EXPECT_EQ(plan.first, (ImageSize{500, 666}));
  EXPECT_EQ(plan.final, resized_size(plan.cropped, 544, 1333));
}

TEST(Transform, FlipDecidesAsInTraining) {
  for (std::uint64_t sample = 0; sample < 50; ++sample) {
    const TransformPlan plan = plan_transform(Transform::parse("flip:96"), kPhoto, 1, 2, sample);
    EXPECT_EQ(plan.flip, plan_transform(Transform::parse("train:96"), kPhoto, 1, 2, sample).flip);
    EXPECT_FALSE(plan.crop);
    EXPECT_EQ(plan.final, plan_transform(Transform::parse("val:96"), kPhoto, 1, 2, sample).final);
  }
}

TEST(Transform, HasThePublishedDistributions) {
  constexpr int kDraws = 20'000;
  const Transform train = Transform::parse("train");
  int flips = 0, crops = 0;
  std::map<std::int64_t, int> short_sides, first_sides, crop_widths;
  for (std::uint64_t sample = 0; sample < kDraws; ++sample) {
    const TransformPlan plan = plan_transform(train, kPhoto, 7, 0, sample);
    flips += plan.flip ? 1 : 0;
    crops += plan.crop ? 1 : 0;
    ++short_sides[std::min(plan.final.height, plan.final.width)];
    if (!plan.crop) continue;
    ++first_sides[plan.first.height];
    ++crop_widths[plan.cropped.width];
    EXPECT_GE(plan.cropped.width, 384);
    EXPECT_LE(plan.cropped.width, std::min<std::int64_t>(600, plan.first.width));
    EXPECT_GE(plan.cropped.height, 384);
    EXPECT_LE(plan.cropped.height, std::min<std::int64_t>(600, plan.first.height));
    EXPECT_GE(plan.left, 0);
    EXPECT_LE(plan.left + plan.cropped.width, plan.first.width);
    EXPECT_GE(plan.top, 0);
    EXPECT_LE(plan.top + plan.cropped.height, plan.first.height);
  }
  // Five standard deviations of a binomial.
  EXPECT_NEAR(flips, kDraws / 2, 354);
  EXPECT_NEAR(crops, kDraws / 2, 354);
  EXPECT_EQ(short_sides.size(), 11u);
  for (const auto& [side, count] : short_sides) {
    EXPECT_EQ((side - 480) % 32, 0);
    EXPECT_NEAR(count, kDraws / 11, 204) << side;
  }
  EXPECT_EQ(first_sides.size(), 3u);
  for (const auto& [side, count] : first_sides) EXPECT_NEAR(count, kDraws / 6, 264) << side;
  EXPECT_EQ(crop_widths.begin()->first, 384);
  EXPECT_EQ(crop_widths.rbegin()->first, 600);
}

TEST(Transform, ScalesEveryLength) {
  for (std::uint64_t sample = 0; sample < 500; ++sample) {
    const TransformPlan plan = plan_transform(Transform::parse("train:64"), {28, 28}, 0, 0, sample);
    EXPECT_GE(plan.final.height, 38);
    EXPECT_LE(plan.final.height, 107);
    if (!plan.crop) continue;
    EXPECT_TRUE(plan.first.height == 32 || plan.first.height == 40 || plan.first.height == 48);
    EXPECT_GE(plan.cropped.height, 31);
    EXPECT_LE(plan.cropped.height, 48);
  }
}

TEST(Transform, FlipMirrorsTheDecodedPicture) {
  const Image image{{1, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
  TransformPlan plan;
  plan.flip = true;
  plan.final = image.size;
  EXPECT_EQ(apply_transform(plan, image).rgb,
            (std::vector<std::uint8_t>{7, 8, 9, 4, 5, 6, 1, 2, 3}));
}

TEST(Transform, CropIsCutFromTheFirstResize) {
  const Image image = gradient({30, 40});
  TransformPlan plan;
  plan.crop = true;
  plan.first = {45, 60};
  plan.left = 7;
  plan.top = 5;
  plan.cropped = {31, 33};
  plan.final = {31, 33};
  const Image first = resize_bilinear(image, plan.first);
  const Image cropped = apply_transform(plan, image);
  ASSERT_EQ(cropped.size, plan.cropped);
  for (std::int64_t y = 0; y < 31; ++y) {
    const auto* expected = &first.rgb[static_cast<std::size_t>(((y + 5) * 60 + 7) * 3)];
    const auto* found = &cropped.rgb[static_cast<std::size_t>(y * 33 * 3)];
    EXPECT_TRUE(std::equal(found, found + 33 * 3, expected)) << y;
  }
  plan.final = {62, 66};
  EXPECT_EQ(apply_transform(plan, image).rgb, resize_bilinear(cropped, plan.final).rgb);
}

TEST(LargestFinalArea, NoDrawMakesMoreOfAnySize) {
  for (const char* name :
       {"val", "flip", "train", "train:64", "train:48", "train:16", "train:333"}) {
    const Transform transform = Transform::parse(name);
    std::int64_t sample = 0;
    for (const ImageSize size :
         {ImageSize{375, 500}, ImageSize{500, 375}, ImageSize{500, 500}, ImageSize{1, 1},
          ImageSize{100, 3000}, ImageSize{83, 139}, ImageSize{800, 1333}, ImageSize{640, 384},
          ImageSize{2000, 1201}}) {
      const std::int64_t bound = largest_final_area(transform, size);
      std::int64_t most = 0;
      for (std::uint64_t epoch = 0; epoch < 3000; ++epoch) {
        const auto id = static_cast<std::uint64_t>(++sample);
        most = std::max(most, plan_transform(transform, size, 1, epoch, id).final.area());
      }
      EXPECT_LE(most, bound) << name << " " << size.width << "x" << size.height;
      EXPECT_GE(most * 2, bound) << "far too much: " << name << " " << size.width << "x"
                                 << size.height;
    }
  }
}

TEST(Transform, MakesThePixelsThatPillowMakes) {
  const auto golden = read_json(std::string(INTR_TEST_DATA) + "/golden/transforms.json");
  TransformScratch scratch;  // of one thread: what a picture leaves in it must not matter
  for (const auto& row :
       golden.at("transform, width, height, seed, epoch, sample, flip, crop, final width, final "
                 "height, rgb")) {
    const Image source = pattern({row.at(2), row.at(1)});
    const TransformPlan plan =
        plan_transform(Transform::parse(row.at(0)), source.size, row.at(3), row.at(4), row.at(5));
    EXPECT_EQ(plan.flip, row.at(6).get<bool>()) << row;
    std::vector<std::int64_t> crop;
    if (plan.crop)
      crop = {plan.first.width, plan.first.height,  plan.left,
              plan.top,         plan.cropped.width, plan.cropped.height};
    EXPECT_EQ(crop, row.at(7).get<std::vector<std::int64_t>>()) << row;
    ASSERT_EQ(plan.final, (ImageSize{row.at(9), row.at(8)})) << row;
    std::vector<std::uint8_t> out(static_cast<std::size_t>(plan.final.area()) * 3);
    transform_into(plan, source, scratch, out);
    EXPECT_EQ(fmt::format("{:016x}", xxh3_64(std::as_bytes(std::span(out)))), row.at(10)) << row;
    EXPECT_EQ(apply_transform(plan, source).rgb, out);
  }
}

TEST(Transform, RefusesAnOutputOfAnotherSize) {
  const Image source = gradient({30, 40});
  const TransformPlan plan = plan_transform(Transform::parse("val:64"), source.size, 0, 0, 0);
  TransformScratch scratch;
  std::vector<std::uint8_t> out(static_cast<std::size_t>(plan.final.area()) * 3 - 1);
  EXPECT_THROW(transform_into(plan, source, scratch, out), InternalError);
}

}  // namespace
}  // namespace intr

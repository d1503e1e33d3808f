// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/clean_style.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

Image gray(ImageSize size, std::uint8_t level) {
  return {size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.area()) * 3, level)};
}

TEST(CleanStyle, UniformAttentionDrawsLevelOne) {
  const std::vector<float> map(4, 1.0F);
  const CellGrid grid = make_cell_grid({2, 2}, {32, 32}, 16, Geometry::kReceptive);
  const CleanStyle style{palette_named("grey"), 2.0, 0.5};
  const Image picture = draw_clean_overlay(gray({9, 7}, 100), map, grid, style);
  // t = 1/2: color 128, opacity 1/4: 100 + 28/4.
  for (const std::uint8_t value : picture.rgb) EXPECT_EQ(value, 107);
}

TEST(CleanStyle, WithoutAttentionThePhotoStays) {
  std::vector<float> map(9, 0.0F);
  map[8] = 9;
  const CellGrid grid = make_cell_grid({3, 3}, {48, 48}, 16, Geometry::kReceptive);
  const CleanStyle style{palette_named("inferno"), 3.0, 0.65};
  const Image photo = gray({48, 48}, 90);
  const Image picture = draw_clean_overlay(photo, map, grid, style);
  EXPECT_TRUE(std::equal(photo.rgb.begin(), photo.rgb.begin() + 3 * 40, picture.rgb.begin()));
  const std::size_t peak = (32 * 48 + 32) * 3;  // the last cell looks at pixel 32
  const Color last = style.palette[255];
  EXPECT_EQ(picture.rgb[peak], static_cast<int>(90 + 0.65F * (last[0] - 90) + 0.5F));
}

TEST(CleanStyle, SignedValuesHaveThePhotoInTheMiddle) {
  const CellGrid grid = make_cell_grid({1, 1}, {16, 16}, 16, Geometry::kReceptive);
  const CleanStyle style{
      .palette = palette_named("diverging"), .scale = 2.0, .opacity = 1.0, .signed_values = true};
  const Image photo = gray({4, 4}, 90);
  const auto first = [&](float value) {
    const Image picture = draw_clean_overlay(photo, std::vector<float>(1, value), grid, style);
    return Color{picture.rgb[0], picture.rgb[1], picture.rgb[2]};
  };
  EXPECT_EQ(first(0), (Color{90, 90, 90}));
  EXPECT_EQ(first(2), style.palette[255]);
  EXPECT_EQ(first(5), style.palette[255]);
  EXPECT_EQ(first(-2), style.palette[0]);
  EXPECT_GT(first(-1)[2], first(-1)[0]);  // blue
  EXPECT_GT(first(1)[0], first(1)[2]);    // red
}

TEST(CleanStyle, AnEmptyScaleDrawsNothing) {
  const std::vector<float> map(1, 1.0F);
  const CellGrid grid = make_cell_grid({1, 1}, {16, 16}, 16, Geometry::kReceptive);
  const Image photo = gray({4, 4}, 3);
  EXPECT_EQ(draw_clean_overlay(photo, map, grid, {palette_named("jet"), 0.0, 0.65}).rgb, photo.rgb);
}

}  // namespace
}  // namespace intr

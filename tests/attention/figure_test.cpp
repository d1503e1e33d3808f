// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/figure.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace intr {
namespace {

Image plain(ImageSize size, std::uint8_t level) {
  return {size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.area()) * 3, level)};
}

std::int64_t count_of(const Image& image, std::uint8_t level) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < image.rgb.size(); i += 3)
    if (image.rgb[i] == level && image.rgb[i + 1] == level && image.rgb[i + 2] == level) ++count;
  return count;
}

TEST(Figure, TilesAreAllThere) {
  const std::vector<Tile> tiles = {{plain({100, 150}, 201), "photo"}, {plain({80, 90}, 77), "x"}};
  const Caption caption{"title", "detail", {10, 20, 30}};
  const Image without = compose_figure(tiles, caption, nullptr);
  EXPECT_GE(without.size.width, 240);
  EXPECT_GE(count_of(without, 201), 100 * 150);
  EXPECT_GE(count_of(without, 77), 80 * 90);
  const ColorBar bar{palette_named("inferno"), "0", "4.5 x uniform"};
  EXPECT_GT(compose_figure(tiles, caption, &bar).size.height, without.size.height);
}

TEST(Figure, LongAndForeignTextsFit) {
  const std::vector<Tile> tiles = {{plain({20, 40}, 50), std::string(200, 'w')}};
  const Caption caption{std::string(500, 'M') + "\xC3\xA9\n\xFF", "", {}};
  const ColorBar bar{palette_named("grey"), std::string(90, '-'), "1e9 x uniform"};
  const Image image = compose_figure(tiles, caption, &bar);
  EXPECT_LT(image.size.width, 80);
  EXPECT_EQ(static_cast<std::int64_t>(image.rgb.size()), image.size.area() * 3);
}

TEST(Figure, ConcatenationPutsBlackBelow) {
  const Image row = concatenate({plain({2, 1}, 9), plain({1, 2}, 8)}, 1);
  EXPECT_EQ(row.size, (ImageSize{2, 4}));
  std::vector<int> levels;
  for (std::size_t i = 0; i < row.rgb.size(); i += 3) levels.push_back(row.rgb[i]);
  EXPECT_EQ(levels, (std::vector<int>{9, 0, 8, 8, 9, 0, 0, 0}));
}

}  // namespace
}  // namespace intr

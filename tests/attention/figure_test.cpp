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
  const Image without = compose_figure({{tiles}}, caption, {});
  EXPECT_GE(without.size.width, 240);
  EXPECT_GE(count_of(without, 201), 100 * 150);
  EXPECT_GE(count_of(without, 77), 80 * 90);
  const ColorBar bar{palette_named("inferno"), "0", "4.5 x uniform"};
  EXPECT_GT(compose_figure({{tiles}}, caption, {bar}).size.height, without.size.height);
}

TEST(Figure, LongAndForeignTextsFit) {
  const std::vector<Tile> tiles = {{plain({20, 40}, 50), std::string(200, 'w')}};
  const Caption caption{std::string(500, 'M') + "\xC3\xA9\n\xFF", "", {}};
  const ColorBar bar{palette_named("grey"), std::string(90, '-'), "1e9 x uniform"};
  const Image image = compose_figure({{tiles}}, caption, {bar});
  EXPECT_LT(image.size.width, 80);
  EXPECT_EQ(static_cast<std::int64_t>(image.rgb.size()), image.size.area() * 3);
}

TEST(Figure, RowsLieBelowEachOther) {
  const TileRow first{{{plain({50, 100}, 201), "a"}, {plain({50, 100}, 77), "b"}}, "first"};
  const TileRow second{{{plain({30, 90}, 33), "c"}}, "second"};
  const Image one = compose_figure({first}, {}, {});
  const Image two = compose_figure({first, second}, {}, {});
  EXPECT_EQ(two.size.width, one.size.width);
  EXPECT_GE(two.size.height, one.size.height + 30);
  EXPECT_GE(count_of(two, 33), 30 * 90);
  EXPECT_GE(count_of(two, 77), 50 * 100);
  TileRow untitled = first;
  untitled.title.clear();
  EXPECT_LT(compose_figure({untitled}, {}, {}).size.height, one.size.height);
}

TEST(Figure, BarsStandSideBySideAndANoteBelow) {
  const std::vector<Tile> tiles = {{plain({50, 700}, 201), "a"}};
  const ColorBar grey{palette_named("grey"), "0", "1"};
  const ColorBar blue{palette_named("diverging"), "-1", "1"};
  const Image one = compose_figure({{tiles}}, {}, {grey});
  const Image two = compose_figure({{tiles}}, {}, {grey, blue});
  EXPECT_EQ(one.size, two.size);
  EXPECT_NE(one.rgb, two.rgb);
  Caption noted;
  noted.note = "n";
  EXPECT_GT(compose_figure({{tiles}}, noted, {grey}).size.height, one.size.height);
}

TEST(Figure, AWordMayStandBelowTheMiddleOfABar) {
  const std::vector<Tile> tiles = {{plain({50, 244}, 201), "a"}};
  ColorBar bar{palette_named("diverging"), "-1", "1"};
  const Image without = compose_figure({{tiles}}, {}, {bar});
  bar.middle = "0";
  const Image with = compose_figure({{tiles}}, {}, {bar});
  ASSERT_EQ(with.size, without.size);
  std::int64_t first = with.size.width, last = 0;
  for (std::size_t i = 0; i < with.rgb.size(); ++i) {
    if (with.rgb[i] == without.rgb[i]) continue;
    const auto x = static_cast<std::int64_t>(i / 3) % with.size.width;
    first = std::min(first, x);
    last = std::max(last, x);
  }
  // The bar begins at the margin of 12 and is 220 wide.
  EXPECT_NEAR(static_cast<double>(first + last) / 2, 12 + 110, 3);
  EXPECT_LT(last - first, 12);
}

TEST(Figure, StackingPutsBlackBeside) {
  const Image column = stack({plain({1, 2}, 9), plain({2, 1}, 8)});
  EXPECT_EQ(column.size, (ImageSize{3, 2}));
  std::vector<int> levels;
  for (std::size_t i = 0; i < column.rgb.size(); i += 3) levels.push_back(column.rgb[i]);
  EXPECT_EQ(levels, (std::vector<int>{9, 9, 8, 0, 8, 0}));
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

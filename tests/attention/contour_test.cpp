// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/contour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

namespace intr {
namespace {

using Cells = std::vector<std::uint8_t>;

Image plain(ImageSize size, std::uint8_t level) {
  return {size, std::vector<std::uint8_t>(static_cast<std::size_t>(size.area()) * 3, level)};
}

int level_at(const Image& image, std::int64_t x, std::int64_t y, std::size_t channel = 0) {
  return image.rgb[static_cast<std::size_t>(y * image.size.width + x) * 3 + channel];
}

/// Four cells of 30 pixels a side, in a row.
CellGrid four_cells() { return make_cell_grid({1, 4}, {30, 120}, 30, Geometry::kStretch); }

TEST(SmallestCellSet, TakesTheLargestCellsUntilTheShareIsHeld) {
  const std::vector<float> map = {0.1F, 0.4F, 0.3F, 0.2F};
  EXPECT_EQ(smallest_cell_set(map, 0.3), (Cells{0, 1, 0, 0}));
  EXPECT_EQ(smallest_cell_set(map, 0.5), (Cells{0, 1, 1, 0}));
  EXPECT_EQ(smallest_cell_set(map, 0.9), (Cells{0, 1, 1, 1}));
  EXPECT_EQ(smallest_cell_set(map, 0.95), (Cells{1, 1, 1, 1}));
}

TEST(SmallestCellSet, TheShareIsOfTheMapsOwnSum) {
  const std::vector<float> map = {10, 40, 30, 20};
  EXPECT_EQ(smallest_cell_set(map, 0.5), (Cells{0, 1, 1, 0}));
}

TEST(SmallestCellSet, OfEqualValuesTheFirstAreTaken) {
  EXPECT_EQ(smallest_cell_set(std::vector<float>(4, 0.25F), 0.5), (Cells{1, 1, 0, 0}));
  // Ten tenths in float32 add up to less than their number says; nine of them are still 90 %.
  const Cells cells = smallest_cell_set(std::vector<float>(10, 0.1F), 0.9);
  EXPECT_EQ(std::count(cells.begin(), cells.end(), 1), 9);
}

TEST(SmallestCellSet, AnEmptyMapHasNone) {
  EXPECT_EQ(smallest_cell_set(std::vector<float>(2, 0.0F), 0.5), (Cells{0, 0}));
}

TEST(Contour, LinesFollowTheBordersOfCells) {
  for (const int level : {0, 128, 255}) {
    SCOPED_TRACE(level);
    // Half of the mass: the second cell. Nine tenths: the second and the third.
    Image image = plain({30, 120}, static_cast<std::uint8_t>(level));
    draw_contours(image, std::vector<float>{0.03F, 0.6F, 0.34F, 0.03F}, four_cells());
    for (const std::int64_t x : {29, 30, 59, 60}) EXPECT_EQ(level_at(image, x, 15), 255) << x;
    EXPECT_LT(level_at(image, 90, 15), 200);  // blue
    EXPECT_GT(level_at(image, 90, 15, 2), 200);
    for (const std::int64_t x : {10, 45, 75, 110}) EXPECT_EQ(level_at(image, x, 15), level) << x;
    // A dark rim on both sides.
    EXPECT_LT(level_at(image, 26, 15), 100);
    EXPECT_LT(level_at(image, 33, 15), 100);
    // Along the picture's own side, too.
    EXPECT_GT(level_at(image, 45, 2), 200);
    EXPECT_EQ(level_at(image, 10, 2), level);
  }
}

TEST(Contour, NothingIsDrawnBetweenCellsOfOneSet) {
  Image image = plain({30, 120}, 90);
  draw_contours(image, std::vector<float>(4, 0.25F), four_cells());
  EXPECT_EQ(level_at(image, 30, 15), 90);  // between the first and the second, both in both sets
  EXPECT_NE(level_at(image, 60, 15), 90);
}

TEST(Contour, OddPicturesAndGrids) {
  for (const ImageSize size : {ImageSize{1, 1}, ImageSize{1, 300}, ImageSize{2000, 3}}) {
    Image image = plain(size, 7);
    draw_contours(image, std::vector<float>{1},
                  make_cell_grid({1, 1}, {32, 32}, 32, Geometry::kReceptive));
    EXPECT_EQ(static_cast<std::int64_t>(image.rgb.size()), size.area() * 3);
  }
}

TEST(Contour, ThreadsDrawEqualBytes) {
  const std::vector<float> map = {0.3F, 0.1F, 0.2F, 0.4F};
  std::vector<Image> images(8, plain({33, 121}, 50));
  {
    std::vector<std::jthread> threads;
    for (Image& image : images)
      threads.emplace_back([&image, &map] { draw_contours(image, map, four_cells()); });
  }
  for (const Image& image : images) EXPECT_EQ(image.rgb, images[0].rgb);
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/cell_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "intr/attention/model_scores.h"
#include "intr/core/error.h"

namespace intr {
namespace {

using Cells = std::vector<std::int64_t>;

/// A grid over a picture of one size, before and after resizing.
CellPlaces grid_over(ImageSize grid, ImageSize picture, Geometry geometry = Geometry::kReceptive) {
  DumpSample sample;
  sample.grid = grid;
  sample.source_size = sample.resized_size = picture;
  return CellPlaces(sample, 32, geometry);
}

void expect_each_once(Cells order, std::int64_t cells) {
  std::sort(order.begin(), order.end());
  Cells all(static_cast<std::size_t>(cells));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  EXPECT_EQ(order, all);
}

TEST(OrderByMap, TakesTheLargestFirstAndTheLowerOfEqualOnes) {
  const std::vector<float> map = {0.1F, 0.3F, 0.1F, 0.3F, 0.2F};
  EXPECT_EQ(order_by_map(map), (Cells{1, 3, 4, 0, 2}));
  EXPECT_EQ(order_by_map(std::vector<float>{0.5F}), Cells{0});
  EXPECT_EQ(order_by_map({}), Cells{});
}

TEST(OrderByMap, KnowsSignsAndInfinity) {
  const std::vector<float> map = {-1, 0.0F, -0.0F, std::numeric_limits<float>::infinity(), -2};
  EXPECT_EQ(order_by_map(map), (Cells{3, 1, 2, 0, 4}));
}

TEST(OrderByMap, OfEqualCellsIsTheirOwnOrder) {
  Cells expected(850);
  std::iota(expected.begin(), expected.end(), std::int64_t{0});
  EXPECT_EQ(order_by_map(std::vector<float>(850, 1.0F / 850)), expected);
}

TEST(OrderByMap, RefusesNan) {
  const std::vector<float> map = {0.5F, std::numeric_limits<float>::quiet_NaN()};
  EXPECT_THROW(order_by_map(map), InternalError);
}

TEST(OrderAtRandom, IsWhatItAlwaysWas) {
  // Computed in another language from the published generator: see the definition in the header.
  EXPECT_EQ(order_at_random(8, 0, 17, 0), (Cells{7, 1, 2, 6, 5, 4, 0, 3}));
  EXPECT_EQ(order_at_random(8, 0, 17, 1), (Cells{1, 3, 0, 5, 2, 7, 6, 4}));
  EXPECT_EQ(order_at_random(8, 0, 18, 0), (Cells{5, 0, 4, 1, 2, 6, 7, 3}));
  EXPECT_EQ(order_at_random(8, 1, 17, 0), (Cells{0, 4, 6, 2, 5, 7, 3, 1}));
  EXPECT_EQ(order_at_random(8, -1, 17, 0), (Cells{6, 5, 2, 3, 7, 4, 1, 0}));
  const Cells large = order_at_random(850, 42, 5793, 2);
  EXPECT_EQ(Cells(large.begin(), large.begin() + 6), (Cells{594, 338, 636, 808, 764, 228}));
  EXPECT_EQ(Cells(large.end() - 3, large.end()), (Cells{63, 142, 759}));
}

TEST(OrderAtRandom, HoldsEachCellOnce) {
  for (const std::int64_t cells : {0, 1, 2, 3, 15, 16, 17, 850}) {
    const Cells order = order_at_random(cells, 3, 4, 5);
    expect_each_once(order, cells);
  }
}

TEST(OrderAtRandom, EveryOrderIsEquallyLikely) {
  // 24 orders of 4 cells, 1,000 of each expected: chi-squared with 23 degrees of freedom is below
  // 49.7 with a probability of 99.9 %.
  std::map<Cells, double> times;
  for (std::int64_t sample = 0; sample < 24'000; ++sample)
    times[order_at_random(4, 0, sample, 1)] += 1;
  EXPECT_EQ(times.size(), 24U);
  double chi_squared = 0;
  for (const auto& [order, count] : times) chi_squared += (count - 1000) * (count - 1000) / 1000;
  EXPECT_LT(chi_squared, 49.7);
}

TEST(OrderAtRandom, EveryCellStandsAnywhere) {
  // The mean place of each of 25 cells is 12; that of 10,000 draws is off by 0.072 (1 sigma).
  constexpr std::int64_t kCells = 25;
  std::vector<double> places(kCells);
  for (std::int64_t sample = 0; sample < 10'000; ++sample) {
    const Cells order = order_at_random(kCells, 9, sample, 0);
    for (std::size_t place = 0; place < order.size(); ++place)
      places[static_cast<std::size_t>(order[place])] += static_cast<double>(place);
  }
  for (const double sum : places) EXPECT_NEAR(sum / 10'000, 12, 4 * 0.072);
}

TEST(OrderFromCenter, CountsInWidthsAndHeights) {
  // In pixels the cells above and below the middle, or those beside it, would be closer.
  const Cells expected = {4, 1, 3, 5, 7, 0, 2, 6, 8};
  EXPECT_EQ(order_from_center(grid_over({3, 3}, {300, 900}, Geometry::kStretch)), expected);
  EXPECT_EQ(order_from_center(grid_over({3, 3}, {900, 300}, Geometry::kStretch)), expected);
  // Shares of 1/5 and 2/5 in height, 1/2 in width for want of a middle column.
  EXPECT_EQ(order_from_center(grid_over({5, 2}, {50, 900}, Geometry::kStretch)),
            (Cells{4, 5, 2, 3, 6, 7, 0, 1, 8, 9}));
}

TEST(OrderFromCenter, GoesByWhereCellsLook) {
  // Receptive points at 0.5, 32.5, 64.5 of 65 pixels: the last column is as far away as the first.
  EXPECT_EQ(order_from_center(grid_over({1, 3}, {1, 65})), (Cells{1, 0, 2}));
  // Of 66 pixels the last one is closer.
  EXPECT_EQ(order_from_center(grid_over({1, 3}, {1, 66})), (Cells{1, 2, 0}));
  EXPECT_EQ(order_from_center(grid_over({1, 1}, {500, 375})), Cells{0});
}

TEST(OrderFromCenter, PlacesThatMirrorEachOtherAreEquallyClose) {
  for (std::int64_t height = 1; height <= 26; ++height) {
    for (std::int64_t width = 1; width <= 42; ++width) {
      const CellPlaces places = grid_over({height, width}, {801, 1333}, Geometry::kStretch);
      const Cells order = order_from_center(places);
      expect_each_once(order, height * width);
      // The same in whole numbers, where nothing is rounded.
      const auto far = [&](std::int64_t cell) {
        const std::int64_t y = 2 * (cell / width) + 1 - height, x = 2 * (cell % width) + 1 - width;
        return y * y * width * width + x * x * height * height;
      };
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end(),
                                 [&](std::int64_t a, std::int64_t b) {
                                   return std::pair(far(a), a) < std::pair(far(b), b);
                                 }))
          << height << " x " << width;
    }
  }
}

TEST(CellsAtStep, RoundsHalvesUp) {
  Cells steps;
  for (std::int64_t step = 0; step <= kCurveSteps; ++step) steps.push_back(cells_at_step(8, step));
  EXPECT_EQ(steps, (Cells{0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8}));
}

TEST(CellsAtStep, OneCellChangesInTheMiddle) {
  for (std::int64_t step = 0; step <= kCurveSteps; ++step)
    EXPECT_EQ(cells_at_step(1, step), step < kCurveSteps / 2 ? 0 : 1);
}

TEST(CellsAtStep, BeginsWithNoneAndEndsWithAll) {
  for (std::int64_t cells = 1; cells <= 3000; ++cells) {
    EXPECT_EQ(cells_at_step(cells, 0), 0);
    EXPECT_EQ(cells_at_step(cells, kCurveSteps), cells);
    for (std::int64_t step = 0; step < kCurveSteps; ++step) {
      const std::int64_t more = cells_at_step(cells, step + 1) - cells_at_step(cells, step);
      EXPECT_GE(more, cells / kCurveSteps);
      EXPECT_LE(more, cells / kCurveSteps + 1);
    }
  }
}

TEST(CellsAtStep, IsTheNearestShare) {
  EXPECT_EQ(cells_at_step(16, 5), 5);
  EXPECT_EQ(cells_at_step(850, 1), 53);   // 53.125
  EXPECT_EQ(cells_at_step(850, 3), 159);  // 159.375
  EXPECT_EQ(cells_at_step(850, 5), 266);  // 265.625
  EXPECT_EQ(cells_at_step(850, 8), 425);
}

TEST(PixelEdges, ArePixelsWhoseCentersLieInTheTile) {
  // Borders 0, 16.5, 48.5, 96: pixel 16 has its center at 16.5 and belongs to the second tile.
  EXPECT_EQ(pixel_edges({3, 96, 32, Geometry::kReceptive}), (Cells{0, 16, 48, 96}));
  EXPECT_EQ(pixel_edges({3, 40, 16, Geometry::kReceptive}), (Cells{0, 8, 24, 40}));
  // Borders 0, 3.33, 6.67, 10, and 0, 2.5, 5: a center on a border belongs to the tile behind it.
  EXPECT_EQ(pixel_edges({3, 10, 32, Geometry::kStretch}), (Cells{0, 3, 7, 10}));
  EXPECT_EQ(pixel_edges({2, 5, 32, Geometry::kStretch}), (Cells{0, 2, 5}));
  EXPECT_EQ(pixel_edges({1, 7, 32, Geometry::kReceptive}), (Cells{0, 7}));
}

TEST(PixelEdges, ATileMayBeEmpty) {
  EXPECT_EQ(pixel_edges({2, 10, 32, Geometry::kReceptive}), (Cells{0, 10, 10}));
  EXPECT_EQ(pixel_edges({3, 2, 32, Geometry::kStretch}), (Cells{0, 1, 1, 2}));
}

TEST(PixelEdges, ShareOutEveryLength) {
  for (const Geometry geometry : {Geometry::kReceptive, Geometry::kStretch})
    for (const std::int64_t stride : {16, 32})
      for (std::int64_t length = 1; length <= 1400; ++length) {
        const CellAxis axis{(length + stride - 1) / stride, length, stride, geometry};
        const Cells edges = pixel_edges(axis);
        ASSERT_EQ(std::ssize(edges), axis.cells + 1);
        ASSERT_EQ(edges.front(), 0);
        ASSERT_EQ(edges.back(), length);
        for (std::int64_t r = 0; r < axis.cells; ++r) {
          const std::int64_t first = edges[static_cast<std::size_t>(r)];
          const std::int64_t next = edges[static_cast<std::size_t>(r) + 1];
          ASSERT_LE(first, next);
          for (std::int64_t x = first; x < next; ++x) {
            ASSERT_GE(static_cast<double>(x) + 0.5, axis.edge(r));
            ASSERT_LT(static_cast<double>(x) + 0.5, axis.edge(r + 1));
          }
        }
      }
}

}  // namespace
}  // namespace intr

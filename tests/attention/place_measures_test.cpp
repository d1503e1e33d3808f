// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/place_measures.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace intr {
namespace {

using Map = std::vector<double>;
constexpr double kTight = 1e-12;

/// 2 x 2 tiles of 10 x 10 pixels, with their points in their middles: (5, 5), (15, 5), …
CellPlaces four_tiles() {
  DumpSample sample;
  sample.grid = {2, 2};
  sample.source_size = sample.resized_size = {20, 20};
  return {sample, 10, Geometry::kStretch};
}

TEST(PlaceMeasures, CenterAndSpread) {
  const CellPlaces places = four_tiles();
  const Map one = {0, 0, 1, 0}, uniform(4, 0.25), two = {0.5, 0, 0, 0.5};
  const PicturePoint own = center_of_mass(one, places);
  EXPECT_EQ(own.x, 5);
  EXPECT_EQ(own.y, 15);
  EXPECT_EQ(map_spread(one, places, own), 0);
  const PicturePoint middle = center_of_mass(uniform, places);
  EXPECT_EQ(middle.x, 10);
  EXPECT_EQ(middle.y, 10);
  // Every point is sqrt(50) from the middle; the diagonal is sqrt(800).
  EXPECT_NEAR(map_spread(uniform, places, middle), 0.25, kTight);
  EXPECT_NEAR(map_spread(two, places, middle), 0.25, kTight);
}

TEST(PlaceMeasures, MassInABoxAndBesideItAddUp) {
  const CellPlaces places = four_tiles();
  const Map map = {0.4, 0.3, 0.2, 0.1};
  const double left = mass_in(map, places.shares_in({0, 0, 7, 20}));
  const double right = mass_in(map, places.shares_in({7, 0, 13, 20}));
  EXPECT_NEAR(left, 0.7 * 0.6, kTight);
  EXPECT_NEAR(left + right, 1, kTight);
  // Half of the map lies in the box.
  EXPECT_NEAR(mass_in(Map{0.5, 0.5, 0, 0}, places.shares_in({0, 0, 10, 20})), 0.5, kTight);
}

TEST(PlaceMeasures, TheCenterPriorIsSymmetricAndWide) {
  const CellPlaces places = four_tiles();
  for (const double a : center_prior(places)) EXPECT_NEAR(a, 0.25, kTight);
  DumpSample sample;
  sample.grid = {1, 3};
  sample.source_size = sample.resized_size = {10, 30};
  const Map prior = center_prior({sample, 10, Geometry::kStretch});
  const double side = std::exp(-0.5 * (10 / 7.5) * (10 / 7.5));
  EXPECT_NEAR(prior[1], 1 / (1 + 2 * side), kTight);
  EXPECT_NEAR(prior[0], side / (1 + 2 * side), kTight);
  sample.grid = {3, 1};
  sample.source_size = sample.resized_size = {60, 10};
  const Map upright = center_prior({sample, 10, Geometry::kStretch});
  const double end = std::exp(-0.5 * (20.0 / 15) * (20.0 / 15));
  EXPECT_NEAR(upright[2], end / (1 + 2 * end), kTight);
}

TEST(PlaceMeasures, ChanceOfPointing) {
  const CellPlaces places = four_tiles();
  EXPECT_EQ(pointing_chance(places, {0, 0, 10, 10}, 0), 0.25);
  EXPECT_EQ(pointing_chance(places, {0, 0, 10, 10}, 5), 1);  // (15, 15) lies on the border
  EXPECT_EQ(pointing_chance(places, {6, 6, 3, 3}, 0), 0);
}

TEST(PlaceMeasures, TheSmallestSetTakesTheLargestFirst) {
  using Cells = std::vector<std::int64_t>;
  EXPECT_EQ(smallest_set(Map{0.1, 0.4, 0.2, 0.3}, 0.5), (Cells{1, 3}));
  EXPECT_EQ(smallest_set(Map{0.1, 0.4, 0.2, 0.3}, 0.4), (Cells{1}));
  EXPECT_EQ(smallest_set(Map{0, 0, 1, 0}, 0.5), (Cells{2}));
  EXPECT_EQ(smallest_set(Map(4, 0.25), 0.5), (Cells{0, 1}));  // ties: lowest cell
  EXPECT_EQ(smallest_set(Map(4, 0.25), 0.51), (Cells{0, 1, 2}));
  EXPECT_EQ(smallest_set(Map(10, 0.1), 0.3),
            (Cells{0, 1, 2}));                            // 0.1 + 0.1 + 0.1 > 0.3 by rounding
  EXPECT_EQ(smallest_set(Map(10, 0.1), 0.8).size(), 8u);  // eight tenths add up to less than 0.8
  EXPECT_EQ(smallest_set(Map{0.5, 0.5}, 1), (Cells{0, 1}));
}

TEST(PlaceMeasures, TheNearestVisiblePart) {
  const std::vector<PartPoint> parts = {
      {{5, 5}, false}, {{8, 9}, true}, {{0, 0}, true}, {{10, 1}, true}};
  const NearestPart nearest = nearest_part({5, 5}, parts);
  EXPECT_EQ(nearest.part, 1);
  EXPECT_EQ(nearest.distance, 5);
  EXPECT_EQ(nearest_part({5, 1}, std::vector<PartPoint>{{{10, 1}, true}, {{0, 1}, true}}).part, 0);
  EXPECT_EQ(nearest_part({5, 5}, std::vector<PartPoint>{{{5, 5}, false}}).part, -1);
  EXPECT_TRUE(std::isnan(nearest_part({5, 5}, {}).distance));
}

TEST(PlaceMeasures, CoverageCountsVisiblePartsInTheSet) {
  const CellPlaces places = four_tiles();
  const std::vector<std::uint8_t> top_left = {1, 0, 0, 0};
  const std::vector<PartPoint> parts = {
      {{1, 1}, true}, {{19, 1}, true}, {{9.9, 9.9}, true}, {{2, 2}, false}, {{10, 10}, true}};
  EXPECT_EQ(part_coverage(top_left, places, parts), 0.5);
  EXPECT_TRUE(std::isnan(part_coverage(top_left, places, {})));
  EXPECT_TRUE(std::isnan(part_coverage(top_left, places, std::vector<PartPoint>{{{1, 1}, false}})));
}

}  // namespace
}  // namespace intr

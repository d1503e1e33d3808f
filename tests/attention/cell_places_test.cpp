// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/cell_places.h"

#include <gtest/gtest.h>

#include <numeric>

namespace intr {
namespace {

/// 2 x 3 cells over a picture that was shrunk to half: 64 x 96 of 128 x 192.
DumpSample halved() {
  DumpSample sample;
  sample.grid = {2, 3};
  sample.source_size = {128, 192};
  sample.resized_size = {64, 96};
  return sample;
}

TEST(CellPlaces, PointsAreWhereCellsLook) {
  const CellPlaces places(halved(), 32, Geometry::kReceptive);
  EXPECT_EQ(places.size(), 6);
  // Cell r is centered on resized pixel 32 r, at 32 r + 0.5; the source is twice as large.
  EXPECT_EQ(places.point(0).x, 1);
  EXPECT_EQ(places.point(0).y, 1);
  EXPECT_EQ(places.point(5).x, 129);
  EXPECT_EQ(places.point(5).y, 65);
  const CellPlaces stretched(halved(), 32, Geometry::kStretch);
  EXPECT_EQ(stretched.point(5).x, 160);
  EXPECT_EQ(stretched.point(5).y, 96);
}

TEST(CellPlaces, TilesShareOutThePicture) {
  for (const Geometry geometry : {Geometry::kReceptive, Geometry::kStretch}) {
    const CellPlaces places(halved(), 32, geometry);
    for (const double share : places.shares_in({0, 0, 192, 128})) EXPECT_EQ(share, 1);
    for (const double share : places.shares_in({300, 0, 20, 20})) EXPECT_EQ(share, 0);
  }
}

TEST(CellPlaces, ABoxOverHalfATileCountsHalf) {
  // Stretched tiles are 64 x 64 pixels of the source.
  const CellPlaces places(halved(), 32, Geometry::kStretch);
  const std::vector<double> shares = places.shares_in({64, 0, 32, 64});
  EXPECT_EQ(shares, (std::vector<double>{0, 0.5, 0, 0, 0, 0}));
  const std::vector<double> quarter = places.shares_in({32, 32, 64, 64});
  EXPECT_EQ(quarter, (std::vector<double>{0.25, 0.25, 0, 0.25, 0.25, 0}));
}

TEST(CellPlaces, TilesOfReceptiveCellsEndHalfwayToTheNextPoint) {
  // Resized borders 0, 16.5, 48.5, 96 and 0, 16.5, 64.
  const CellPlaces places(halved(), 32, Geometry::kReceptive);
  const std::vector<double> shares = places.shares_in({0, 0, 33, 33});
  EXPECT_EQ(shares, (std::vector<double>{1, 0, 0, 0, 0, 0}));
  EXPECT_EQ(places.shares_in({33, 0, 32, 33})[1], 0.5);
}

TEST(CellPlaces, APointLiesInOneTile) {
  const CellPlaces places(halved(), 32, Geometry::kStretch);
  EXPECT_EQ(places.cell_of({0, 0}), 0);
  EXPECT_EQ(places.cell_of({63.9, 63.9}), 0);
  EXPECT_EQ(places.cell_of({64, 63.9}), 1);  // a border belongs to the tile behind it
  EXPECT_EQ(places.cell_of({64, 64}), 4);
  EXPECT_EQ(places.cell_of({192, 128}), 5);
  EXPECT_EQ(places.cell_of({-5, 500}), 3);
}

TEST(CellPlaces, EveryPointLiesInItsOwnTile) {
  DumpSample sample;
  sample.grid = {26, 42};
  sample.source_size = {375, 623};
  sample.resized_size = {801, 1333};
  const CellPlaces places(sample, 32, Geometry::kReceptive);
  for (std::int64_t cell = 0; cell < places.size(); ++cell)
    EXPECT_EQ(places.cell_of(places.point(cell)), cell);
}

TEST(CellPlaces, ATileWithoutAreaCountsByItsPoint) {
  // Two rows of cells, but the picture ends before the second one begins.
  DumpSample sample;
  sample.grid = {2, 1};
  sample.source_size = sample.resized_size = {10, 10};
  const CellPlaces places(sample, 32, Geometry::kReceptive);
  EXPECT_EQ(places.shares_in({0, 0, 10, 10}), (std::vector<double>{1, 1}));
  EXPECT_EQ(places.shares_in({0, 0, 10, 5}), (std::vector<double>{0.5, 0}));
}

TEST(PictureBox, HoldsItsBorder) {
  const PictureBox box{10, 20, 30, 40};
  EXPECT_EQ(box.diagonal(), 50);
  EXPECT_TRUE(box.holds({10, 20}));
  EXPECT_TRUE(box.holds({40, 60}));
  EXPECT_FALSE(box.holds({41, 60}));
  EXPECT_TRUE(box.holds({55, 5}, 15));
  EXPECT_FALSE(box.holds({55, 4}, 15));
}

}  // namespace
}  // namespace intr

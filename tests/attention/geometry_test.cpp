// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/geometry.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(Geometry, ReceptiveCellsLookAtMultiplesOfTheStride) {
  const CellAxis axis{25, 800, 32, Geometry::kReceptive};
  EXPECT_DOUBLE_EQ(axis.point(0), 0.5);
  EXPECT_DOUBLE_EQ(axis.point(3), 96.5);
  EXPECT_DOUBLE_EQ(axis.edge(0), 0);
  EXPECT_DOUBLE_EQ(axis.edge(1), 16.5);
  EXPECT_DOUBLE_EQ(axis.edge(25), 800);
  EXPECT_DOUBLE_EQ(axis.cell_at(96.5), 3);
  EXPECT_DOUBLE_EQ(axis.cell_at(112.5), 3.5);
  EXPECT_DOUBLE_EQ(axis.cell_at(0), 0);
  EXPECT_DOUBLE_EQ(axis.cell_at(800), 24);
}

TEST(Geometry, StretchedCellsShareThePicture) {
  const CellAxis axis{4, 100, 32, Geometry::kStretch};
  EXPECT_DOUBLE_EQ(axis.edge(1), 25);
  EXPECT_DOUBLE_EQ(axis.point(0), 12.5);
  EXPECT_DOUBLE_EQ(axis.cell_at(37.5), 1);
}

TEST(Geometry, TilesPartitionEveryLength) {
  for (const std::int64_t stride : {16, 32}) {
    for (std::int64_t length = 1; length <= 1400; ++length) {
      for (const Geometry geometry : {Geometry::kReceptive, Geometry::kStretch}) {
        const CellAxis axis{(length + stride - 1) / stride, length, stride, geometry};
        EXPECT_EQ(axis.edge(0), 0);
        EXPECT_EQ(axis.edge(axis.cells), static_cast<double>(length));
        for (std::int64_t r = 0; r < axis.cells; ++r) {
          ASSERT_LE(axis.edge(r), axis.edge(r + 1)) << length << " cell " << r;
          ASSERT_GE(axis.point(r), axis.edge(r)) << length << " cell " << r;
          ASSERT_LE(axis.point(r), axis.edge(r + 1)) << length << " cell " << r;
          ASSERT_NEAR(axis.cell_at(axis.point(r)), static_cast<double>(r), 1e-9);
        }
      }
    }
  }
}

TEST(Geometry, Names) {
  EXPECT_EQ(geometry_named("receptive"), Geometry::kReceptive);
  EXPECT_EQ(geometry_named("stretch"), Geometry::kStretch);
  EXPECT_THROW(geometry_named("flat"), UsageError);
}

}  // namespace
}  // namespace intr

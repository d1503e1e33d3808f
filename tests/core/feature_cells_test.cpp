// SPDX-License-Identifier: Apache-2.0
#include "intr/core/feature_cells.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(FeatureCells, EveryStageRoundsUp) {
  EXPECT_EQ(feature_grid({800, 1066}, 32), (ImageSize{25, 34}));
  EXPECT_EQ(feature_grid({801, 833}, 32), (ImageSize{26, 27}));
  EXPECT_EQ(feature_grid({1, 1333}, 32), (ImageSize{1, 42}));
  EXPECT_EQ(feature_grid({48, 64}, 16), (ImageSize{3, 4}));
}

TEST(FeatureCells, ValidOnesAreThosePyTorchSamples) {
  // Cell i of 26 over 801 pixels looks at pixel 0, 30, 61, 92, 123, ...
  const std::int64_t seen[] = {0, 30, 61, 92, 123};
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_EQ(valid_cells(seen[i], 801, 26), i);
    EXPECT_EQ(valid_cells(seen[i] + 1, 801, 26), i + 1);
  }
  // The last three of 42 cells over 1333 pixels look at 1237, 1269 and 1301.
  EXPECT_EQ(valid_cells(1237, 1333, 42), 39);
  EXPECT_EQ(valid_cells(1238, 1333, 42), 40);
  EXPECT_EQ(valid_cells(1270, 1333, 42), 41);
  EXPECT_EQ(valid_cells(1301, 1333, 42), 41);
  EXPECT_EQ(valid_cells(1302, 1333, 42), 42);
  EXPECT_EQ(valid_cells(1, 96, 3), 1);  // cell 0 is always valid
  EXPECT_EQ(valid_cells(800, 800, 25), 25);
  EXPECT_EQ(valid_grid({801, 1238}, {801, 1333}, {26, 42}), (ImageSize{26, 40}));
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/heat_field.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(HeatField, AUniformMapStaysUniform) {
  const std::vector<float> map(12, 0.25F);
  const CellGrid grid = make_cell_grid({3, 4}, {96, 128}, 32, Geometry::kReceptive);
  for (const Interpolation how :
       {Interpolation::kCubic, Interpolation::kLinear, Interpolation::kNearest})
    for (const float value : enlarge_map(map, grid, {50, 70}, how)) EXPECT_FLOAT_EQ(value, 0.25F);
}

TEST(HeatField, ThePeakLiesAtTheCellsPoint) {
  std::vector<float> map(36, 0.0F);
  map[2 * 6 + 4] = 1;
  const CellGrid grid = make_cell_grid({6, 6}, {96, 96}, 16, Geometry::kReceptive);
  const ImageSize size{280, 280};
  const std::vector<float> field = enlarge_map(map, grid, size, Interpolation::kCubic);
  const auto peak = std::max_element(field.begin(), field.end()) - field.begin();
  const double scale = 280.0 / 96;
  EXPECT_NEAR(static_cast<double>(peak / 280) + 0.5, 32.5 * scale, 1.0);
  EXPECT_NEAR(static_cast<double>(peak % 280) + 0.5, 64.5 * scale, 1.0);
  EXPECT_GE(*std::min_element(field.begin(), field.end()), 0.0F);
  EXPECT_LE(field[static_cast<std::size_t>(peak)], 1.0F);
}

TEST(HeatField, NearestShowsTheTiles) {
  const std::vector<float> map = {1, 2};
  const CellGrid grid = make_cell_grid({1, 2}, {8, 20}, 16, Geometry::kReceptive);
  const std::vector<float> field = enlarge_map(map, grid, {1, 20}, Interpolation::kNearest);
  // The border lies at 16 - 8 + 0.5 = 8.5: pixel 8, whose center that is, goes to the right.
  for (std::size_t x = 0; x < 20; ++x) EXPECT_EQ(field[x], x < 8 ? 1.0F : 2.0F) << x;
}

TEST(HeatField, LinearByHand) {
  const std::vector<float> map = {0, 1};
  const CellGrid grid = make_cell_grid({1, 2}, {4, 4}, 2, Geometry::kStretch);
  const std::vector<float> field = enlarge_map(map, grid, {1, 4}, Interpolation::kLinear);
  EXPECT_EQ(field, (std::vector<float>{0, 0.25F, 0.75F, 1}));
}

TEST(HeatField, Names) {
  EXPECT_EQ(interpolation_named("linear"), Interpolation::kLinear);
  EXPECT_THROW(interpolation_named("sinc"), UsageError);
}

}  // namespace
}  // namespace intr

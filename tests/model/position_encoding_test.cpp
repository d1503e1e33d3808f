// SPDX-License-Identifier: Apache-2.0
#include "intr/model/position_encoding.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "intr/core/error.h"

namespace intr {
namespace {

TEST(PositionEncoding, GridRefusesPicturesThatAreEmptyOrTooLarge) {
  EXPECT_THROW(feature_grid_of({{0, 5}}, {32, 32}, {1, 1}), InternalError);
  EXPECT_THROW(feature_grid_of({{33, 5}}, {32, 32}, {1, 1}), InternalError);
  EXPECT_FALSE(feature_grid_of({{32, 32}}, {32, 32}, {1, 1}).any_padded());
}

TEST(PositionEncoding, PaddingIsTrueOutsideThePicture) {
  const FeatureGrid grid = feature_grid_of({{64, 64}, {64, 96}}, {64, 96}, {2, 3});
  const at::Tensor padding = feature_padding(grid, at::kCPU);
  const at::Tensor expected =
      torch::tensor({0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}).view({2, 2, 3}).to(at::kBool);
  EXPECT_TRUE(torch::equal(padding, expected));
  EXPECT_TRUE(grid.any_padded());
}

TEST(PositionEncoding, SineValuesOfAGridWhoseLastColumnIsPadded) {
  const FeatureGrid grid{2, 3, {{2, 2}}};
  const at::Tensor position = sine_position(grid, 256, at::kCPU).view({2, 3, 256});
  const auto at_channel = [&](std::int64_t row, std::int64_t column, std::int64_t channel) {
    return position[row][column][channel].item<float>();
  };
  // In double precision from the formula; half a turn has sine 1.3430887e-6 in float32.
  EXPECT_NEAR(at_channel(0, 0, 0), 1.3430887e-6, 1e-9);
  EXPECT_FLOAT_EQ(at_channel(0, 0, 1), -1);
  EXPECT_NEAR(at_channel(0, 0, 2), 0.40875226, 1e-6);
  EXPECT_NEAR(at_channel(0, 0, 128), 1.3430887e-6, 1e-9);
  EXPECT_FLOAT_EQ(at_channel(0, 0, 129), -1);
  EXPECT_EQ(at_channel(0, 2, 0), 0);  // no valid cell above it
  EXPECT_EQ(at_channel(0, 2, 1), 1);
  EXPECT_NEAR(at_channel(0, 2, 128), -2.6861774e-6, 1e-9);  // a whole turn, rounded
  EXPECT_FLOAT_EQ(at_channel(0, 2, 129), 1);
}

TEST(PositionEncoding, WithoutPaddingAllPicturesShareOne) {
  const FeatureGrid whole = feature_grid_of({{64, 96}, {64, 96}}, {64, 96}, {2, 3});
  const at::Tensor shared = sine_position(whole, 32, at::kCPU);
  EXPECT_EQ(shared.sizes(), (std::vector<std::int64_t>{1, 6, 32}));
  const FeatureGrid mixed = feature_grid_of({{64, 96}, {64, 32}}, {64, 96}, {2, 3});
  const at::Tensor each = sine_position(mixed, 32, at::kCPU);
  EXPECT_EQ(each.sizes(), (std::vector<std::int64_t>{2, 6, 32}));
  EXPECT_TRUE(torch::equal(each[0], shared[0]));
  EXPECT_FALSE(torch::equal(each[1], shared[0]));
}

TEST(PositionEncoding, LearnedHasColumnsFirst) {
  const at::Tensor rows = torch::arange(100, at::kFloat).view({50, 2});
  const at::Tensor columns = rows + 1000;
  const at::Tensor position = learned_position({2, 3, {{2, 3}}}, rows, columns);
  ASSERT_EQ(position.sizes(), (std::vector<std::int64_t>{1, 6, 4}));
  const at::Tensor cell = position[0][1 * 3 + 2];  // row 1, column 2
  EXPECT_TRUE(torch::equal(cell, torch::tensor({1004.F, 1005.F, 2.F, 3.F})));
}

TEST(PositionEncoding, LearnedEndsAtFiftyCells) {
  const at::Tensor table = torch::zeros({50, 2});
  EXPECT_EQ(learned_position({50, 50, {{50, 50}}}, table, table).size(1), 2500);
  try {
    learned_position({2, 51, {{2, 51}}}, table, table);
    FAIL() << "51 columns were accepted";
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "--position-embedding learned: the pictures have 2x51 feature cells; learned "
                 "positions end at 50 rows and columns. Next: use sine, or a smaller --image-size");
  }
}

}  // namespace
}  // namespace intr

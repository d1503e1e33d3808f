// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/perturbation.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <numeric>

#include "intr/core/error.h"
#include "intr/image/gaussian_blur.h"

namespace intr {
namespace {

constexpr ImageSize kSize{70, 100};  // 5 x 7 cells of stride 16, padded to 80 x 112

at::Tensor random_picture() {
  torch::manual_seed(2);
  at::Tensor picture = torch::zeros({1, 3, 80, 112});
  picture.narrow(2, 0, kSize.height).narrow(3, 0, kSize.width).copy_(torch::randn({1, 3, 70, 100}));
  return picture.contiguous(at::MemoryFormat::ChannelsLast);
}

CellGrid grid(Geometry geometry = Geometry::kReceptive) {
  return make_cell_grid({5, 7}, kSize, 16, geometry);
}

std::vector<std::int64_t> order_from(std::int64_t first) {
  std::vector<std::int64_t> order(35);
  std::iota(order.begin(), order.end(), 0);
  std::rotate(order.begin(), order.begin() + first, order.end());
  return order;
}

at::Tensor inside(const at::Tensor& x) {
  return x.narrow(-2, 0, kSize.height).narrow(-1, 0, kSize.width);
}

TEST(Perturbation, EndsAreTheFullAndTheBlankPicture) {
  const at::Tensor picture = random_picture();
  const PerturbedPicture perturbed(picture, grid());
  const std::vector<std::int64_t> order = order_from(0);
  const at::Tensor made = perturbed.make({{CurveKind::kDeletion, &order, 0},
                                          {CurveKind::kDeletion, &order, 35},
                                          {CurveKind::kInsertion, &order, 0},
                                          {CurveKind::kInsertion, &order, 35}});
  ASSERT_EQ(made.sizes(), (std::vector<std::int64_t>{4, 3, 80, 112}));
  EXPECT_TRUE(made.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_TRUE(at::equal(made[0], picture[0]));
  EXPECT_EQ(made[1].abs().max().item<float>(), 0);
  EXPECT_TRUE(at::equal(made[3], picture[0]));
  // Blurred within the picture alone: padding stays 0 and does not bleed in.
  for (std::int64_t channel = 0; channel < 3; ++channel) {
    const at::Tensor sharp = inside(picture[0][channel]).contiguous().clone();
    gaussian_blur({sharp.data_ptr<float>(), 7000}, kSize, 70 * 5.0 / 224);
    EXPECT_TRUE(at::equal(inside(made[2][channel]), sharp));
  }
  EXPECT_EQ(made[2].narrow(1, 70, 10).abs().max().item<float>(), 0);
  EXPECT_EQ(made[2].narrow(2, 100, 12).abs().max().item<float>(), 0);
}

// Cell (1, 2) of stride 16 is centered on pixel (16, 32): its tile is [8.5, 24.5) x [24.5, 40.5),
// which holds the centers of pixels 8 … 23 and 24 … 39.
TEST(Perturbation, ACellIsTheTileAroundWhereItLooks) {
  const at::Tensor picture = random_picture();
  const PerturbedPicture perturbed(picture, grid());
  const std::vector<std::int64_t> order = order_from(7 + 2);
  const at::Tensor made = perturbed.make({{CurveKind::kDeletion, &order, 1},
                                          {CurveKind::kInsertion, &order, 0},
                                          {CurveKind::kInsertion, &order, 1}});
  const auto tile = [](const at::Tensor& x) { return x.slice(-2, 8, 24).slice(-1, 24, 40); };
  at::Tensor expected = picture[0].clone();
  tile(expected).zero_();
  EXPECT_TRUE(at::equal(made[0], expected));
  expected = made[1].clone();
  tile(expected).copy_(tile(picture[0]));
  EXPECT_TRUE(at::equal(made[2], expected));
}

TEST(Perturbation, StretchedTilesShareOutThePicture) {
  const at::Tensor picture = random_picture();
  const PerturbedPicture perturbed(picture, grid(Geometry::kStretch));
  const std::vector<std::int64_t> order = order_from(0);
  const at::Tensor made = perturbed.make({{CurveKind::kDeletion, &order, 1}});
  at::Tensor expected = picture[0].clone();
  expected.slice(-2, 0, 14).slice(-1, 0, 14).zero_();  // 70 / 5 rows; 100 / 7 = 14.3 columns
  EXPECT_TRUE(at::equal(made[0], expected));
}

TEST(Perturbation, RefusesWhatDoesNotFit) {
  const at::Tensor picture = random_picture();
  const PerturbedPicture perturbed(picture, grid());
  const std::vector<std::int64_t> few = {0, 1};
  EXPECT_THROW(perturbed.make({{CurveKind::kDeletion, &few, 1}}), InternalError);
  EXPECT_THROW(
      PerturbedPicture(picture, make_cell_grid({6, 7}, {81, 100}, 16, Geometry::kReceptive)),
      InternalError);
}

}  // namespace
}  // namespace intr

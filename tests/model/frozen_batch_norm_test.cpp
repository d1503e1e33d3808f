// SPDX-License-Identifier: Apache-2.0
#include "intr/model/frozen_batch_norm.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace intr {
namespace {

/// A 3x3 convolution of 5 to 8 channels and its norm, with one variance near 0.
class Fold : public testing::Test {
 protected:
  Fold() {
    torch::manual_seed(3);
    const auto add = [this](const char* name, std::vector<std::int64_t> shape, at::Tensor value) {
      ParameterRow row;
      row.name = name;
      row.shape = std::move(shape);
      rows_.push_back(row);
      tensors_.emplace(name, value);
    };
    add("conv", {8, 5, 3, 3}, torch::randn({8, 5, 3, 3}));
    add("weight", {8}, torch::rand({8}) + 0.5);
    add("bias", {8}, torch::randn({8}));
    add("mean", {8}, torch::randn({8}));
    add("var", {8}, torch::rand({8}));
    tensors_.at("var")[2] = 1e-7;
    x_ = torch::randn({2, 5, 9, 7}).contiguous(at::MemoryFormat::ChannelsLast);
  }
  NormedConvolution make(bool trains) {
    tensors_.at("conv").set_requires_grad(trains);
    TensorCursor cursor(rows_, tensors_);
    return NormedConvolution(cursor, 2, 1);
  }
  /// The convolution in double precision with the norm behind it.
  at::Tensor plain(const at::Tensor& weight) const {
    const auto channel = [this](const char* name) {
      return tensors_.at(name).to(at::kDouble).view({1, -1, 1, 1});
    };
    const at::Tensor y = torch::conv2d(x_.to(at::kDouble), weight, {}, 2, 1);
    return (y - channel("mean")) / torch::sqrt(channel("var") + 1e-5) * channel("weight") +
           channel("bias");
  }
  static double relative(const at::Tensor& got, const at::Tensor& expected) {
    return ((got - expected).norm() / expected.norm()).item<double>();
  }

  std::vector<ParameterRow> rows_;
  TensorMap tensors_;
  at::Tensor x_;
};

TEST_F(Fold, FrozenOutputsEqualConvolutionAndNorm) {
  const NormedConvolution conv = make(false);
  const at::Tensor y = conv.forward(x_);
  EXPECT_LE(relative(y, plain(tensors_.at("conv").to(at::kDouble))), 1e-5);
  EXPECT_TRUE(y.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_FALSE(y.requires_grad());
}

TEST_F(Fold, TrainedWeightGetsTheExactGradient) {
  const NormedConvolution conv = make(true);
  const at::Tensor y = conv.forward(x_);
  const at::Tensor weight = tensors_.at("conv").detach().to(at::kDouble).set_requires_grad(true);
  const at::Tensor expected = plain(weight);
  EXPECT_LE(relative(y.detach(), expected.detach()), 1e-5);
  const at::Tensor pull = torch::randn_like(expected);
  y.backward(pull.to(at::kFloat));
  expected.backward(pull);
  EXPECT_LE(relative(tensors_.at("conv").grad(), weight.grad()), 1e-5);
}

TEST_F(Fold, TrainedWeightsAreReadAnewInEachPass) {
  const NormedConvolution conv = make(true);
  const c10::NoGradGuard no_grad;
  const at::Tensor before = conv.forward(x_);
  tensors_.at("conv").mul_(2);
  EXPECT_FALSE(torch::equal(conv.forward(x_), before));
}

TEST_F(Fold, RefreshSeesOverwrittenConstants) {
  NormedConvolution conv = make(false);
  const at::Tensor before = conv.forward(x_);
  tensors_.at("bias").add_(1);
  EXPECT_TRUE(torch::equal(conv.forward(x_), before));
  conv.refresh();
  EXPECT_TRUE(torch::allclose(conv.forward(x_), before + 1, 1e-5, 1e-5));
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/pointwise.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace intr {
namespace {

class PointwiseTest : public testing::TestWithParam<int> {
 protected:
  PointwiseTest() {
    torch::manual_seed(3);
    at::set_num_threads(GetParam());
  }
  ~PointwiseTest() override { at::set_num_threads(threads_); }
  /// Largest difference as a share of the largest value.
  static double difference(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).abs().max() / b.abs().max()).item<double>();
  }

 private:
  int threads_ = at::get_num_threads();
};

TEST_P(PointwiseTest, TheLinearMapAndItsGradientsAreThoseOfTheMatrixProduct) {
  for (const std::int64_t rows : {1, 7, 100, 127, 128, 300}) {
    const at::Tensor x = torch::randn({2, rows, 96}, torch::requires_grad());
    const at::Tensor weight = torch::randn({64, 96}, torch::requires_grad());
    const at::Tensor bias = torch::randn({64}, torch::requires_grad());
    const at::Tensor ours = linear_in_type_of(x, weight, bias);
    const at::Tensor plain = torch::matmul(x, weight.t()) + bias;
    ASSERT_EQ(ours.sizes(), plain.sizes());
    EXPECT_TRUE(ours.is_contiguous());
    EXPECT_LT(difference(ours, plain), 1e-6);
    const at::Tensor grad = torch::randn_like(plain);
    const auto our_grads = torch::autograd::grad({ours}, {x, weight, bias}, {grad});
    const auto plain_grads = torch::autograd::grad({plain}, {x, weight, bias}, {grad});
    for (std::size_t i = 0; i < our_grads.size(); ++i)
      EXPECT_LT(difference(our_grads[i], plain_grads[i]), 2e-6) << "gradient " << i;
  }
}

TEST_P(PointwiseTest, TheConvolutionKeepsItsLayout) {
  const at::Tensor x = torch::randn({2, 32, 9, 11}).contiguous(torch::MemoryFormat::ChannelsLast);
  const at::Tensor weight = torch::randn({48, 32, 1, 1});
  const at::Tensor bias = torch::randn({48});
  const at::Tensor ours = pointwise_convolution(x, weight, bias);
  ASSERT_EQ(ours.sizes(), (at::IntArrayRef{2, 48, 9, 11}));
  EXPECT_TRUE(ours.is_contiguous(torch::MemoryFormat::ChannelsLast));
  const at::Tensor plain =
      torch::einsum("bchw,oc->bohw", {x, weight.flatten(1)}) + bias.view({1, -1, 1, 1});
  EXPECT_LT(difference(ours, plain), 1e-6);
}

TEST_P(PointwiseTest, OtherTypesAreServedToo) {
  const at::Tensor x = torch::randn({1, 5, 16}, torch::kBFloat16);
  const at::Tensor y = linear_in_type_of(x, torch::randn({3, 16}), torch::randn({3}));
  EXPECT_EQ(y.scalar_type(), torch::kBFloat16);
  EXPECT_EQ(y.sizes(), (at::IntArrayRef{1, 5, 3}));
}

INSTANTIATE_TEST_SUITE_P(Threads, PointwiseTest, testing::Values(1, 2));

}  // namespace
}  // namespace intr

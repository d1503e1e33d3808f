// SPDX-License-Identifier: Apache-2.0
#include "intr/model/fused_convolution.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <vector>

#include "intr/model/reference_math.h"

namespace intr {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

struct Case {
  std::int64_t kernel;
  ConvolutionShape shape;
};

class FusedConvolutionTest : public testing::TestWithParam<Case> {
 protected:
  FusedConvolutionTest() {
    torch::manual_seed(4);
    const std::int64_t k = GetParam().kernel;
    x_ = torch::randn({2, 24, 17, 23}).contiguous(kChannelsLast);
    weight_ = (torch::randn({40, 24, k, k}) / 10).contiguous(kChannelsLast);
    bias_ = torch::randn({40});
  }
  at::Tensor plain() const {
    const ConvolutionShape s = GetParam().shape;
    return torch::conv2d(x_, weight_, bias_, s.stride, s.padding, s.dilation);
  }
  at::Tensor x_, weight_, bias_;
};

TEST_P(FusedConvolutionTest, EqualsItsParts) {
  ASSERT_TRUE(convolution_fuses(x_, weight_)) << "this LibTorch lacks the operation";
  const at::Tensor one = convolution_relu(x_, weight_, bias_, GetParam().shape);
  EXPECT_TRUE(torch::allclose(one, plain().relu(), 1e-5, 1e-5));
  EXPECT_TRUE(one.is_contiguous(kChannelsLast));
  const at::Tensor other = torch::randn_like(one), sum = other.clone();
  const at::Tensor added = convolution_add_relu(x_, weight_, bias_, GetParam().shape, sum);
  EXPECT_EQ(added.data_ptr(), sum.data_ptr());
  EXPECT_TRUE(torch::allclose(added, (plain() + other).relu(), 1e-5, 1e-5));
}

TEST_P(FusedConvolutionTest, InBfloat16ItIsNear) {
  const auto half = [](const at::Tensor& t) { return t.to(at::kBFloat16); };
  const at::Tensor other = torch::randn_like(plain());
  const at::Tensor added =
      convolution_add_relu(half(x_), half(weight_), half(bias_), GetParam().shape, half(other));
  EXPECT_TRUE(torch::allclose(added.to(at::kFloat), (plain() + other).relu(), 0.05, 0.05));
}

/// LibTorch has no gradients for cuDNN's fused convolutions: these are ours. Without a GPU the
/// parts must be taken where something trains.
TEST_P(FusedConvolutionTest, GradientsEqualThoseOfTheParts) {
  if (!torch::cuda::is_available()) {
    EXPECT_FALSE(convolution_fuses(x_, weight_.detach().clone().set_requires_grad(true)));
    EXPECT_FALSE(convolution_fuses(x_.detach().clone().set_requires_grad(true), weight_));
    return;
  }
  const ConvolutionShape s = GetParam().shape;
  const auto leaf = [](const at::Tensor& value, bool trains) {
    return value.detach().to(at::kCUDA).set_requires_grad(trains);
  };
  // Memory that held what is no number must not reach the results.
  for (int i = 0; i < 8; ++i)
    static_cast<void>(
        torch::full_like(plain(), std::numeric_limits<float>::quiet_NaN(), at::kCUDA));
  at::globalContext().setAllowTF32CuDNN(false);
  for (const int trained : {1, 2, 3, 7, 5}) {  // bits: weight, x, sum
    const auto inputs = [&] {
      return std::vector<at::Tensor>{leaf(weight_, (trained & 1) != 0),
                                     leaf(x_, (trained & 2) != 0),
                                     leaf(torch::ones_like(plain()), (trained & 4) != 0)};
    };
    const auto expected = inputs(), got = inputs();
    const at::Tensor bias = bias_.to(at::kCUDA);
    const auto parts = [&](const std::vector<at::Tensor>& in, bool add) {
      const at::Tensor y = torch::conv2d(in[1], in[0], bias, s.stride, s.padding, s.dilation);
      return (add ? y + in[2] : y).relu();
    };
    for (const bool add : {false, true}) {
      const at::Tensor one = add ? convolution_add_relu(got[1], got[0], bias, s, got[2])
                                 : convolution_relu(got[1], got[0], bias, s);
      const at::Tensor other = parts(expected, add);
      EXPECT_TRUE(torch::allclose(one, other, 1e-4, 1e-4));
      const at::Tensor weights = torch::linspace(-1, 1, one.numel(), at::kCUDA).view(one.sizes());
      if (one.requires_grad()) (one * weights).sum().backward();
      if (other.requires_grad()) (other * weights).sum().backward();
      for (std::size_t i = 0; i < got.size(); ++i) {
        ASSERT_EQ(got[i].grad().defined(), expected[i].grad().defined()) << trained << " " << i;
        if (!got[i].grad().defined()) continue;
        EXPECT_TRUE(torch::allclose(got[i].grad(), expected[i].grad(), 1e-3, 1e-3)) << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, FusedConvolutionTest,
                         testing::Values(Case{1, {1, 0, 1}}, Case{1, {2, 0, 1}}, Case{3, {1, 1, 1}},
                                         Case{3, {2, 1, 1}}, Case{3, {1, 2, 2}},
                                         Case{7, {2, 3, 1}}));

TEST(FusedConvolution, StaysAwayFromWhatTrainsAndFromReferenceMath) {
  const at::Tensor x = torch::randn({1, 8, 5, 5}).contiguous(kChannelsLast);
  const at::Tensor weight = torch::randn({8, 8, 1, 1});
  const at::Tensor trained = torch::randn({8, 8, 1, 1}, torch::requires_grad());
  EXPECT_TRUE(convolution_fuses(x, weight));
  EXPECT_FALSE(convolution_fuses(x, trained));
  EXPECT_FALSE(convolution_fuses(torch::randn({1, 8, 5, 5}), weight)) << "another layout";
  {
    const torch::NoGradGuard evaluation;
    EXPECT_TRUE(convolution_fuses(x, trained));
  }
  set_reference_math(true);
  EXPECT_FALSE(convolution_fuses(x, weight));
  set_reference_math(false);
}

}  // namespace
}  // namespace intr

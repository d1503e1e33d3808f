// SPDX-License-Identifier: Apache-2.0
#include "intr/model/dropout.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace intr {
namespace {

/// Where a random mask keeps: the outcome of dropping ones, with the generator as it was.
at::Tensor mask_of(const at::Tensor& like, double rate) {
  torch::manual_seed(5);
  return add_dropped(torch::zeros_like(like), torch::ones_like(like), rate);
}

TEST(DropoutTest, TheSeedDecidesAndThreadsDoNot) {
  const at::Tensor x = torch::randn({3, 250, 301});
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor one = mask_of(x, 0.1);
  at::set_num_threads(2);
  EXPECT_TRUE(torch::equal(one, mask_of(x, 0.1)));
  at::set_num_threads(threads);
  torch::manual_seed(6);
  EXPECT_FALSE(torch::equal(one, add_dropped(torch::zeros_like(x), torch::ones_like(x), 0.1)));
  EXPECT_NEAR(one.mean().item<double>(), 1, 0.01);
}

TEST(DropoutTest, TwoCallsDrawDifferently) {
  torch::manual_seed(5);
  const at::Tensor ones = torch::ones({1000}), zeros = torch::zeros({1000});
  EXPECT_FALSE(torch::equal(add_dropped(zeros, ones, 0.5), add_dropped(zeros, ones, 0.5)));
}

TEST(DropoutTest, GradientsGoWhereTheValuesWent) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const at::Tensor mask = mask_of(torch::zeros({7, 333}, type), 0.3);
    const at::Tensor x = torch::randn({7, 333}, torch::dtype(type).requires_grad(true));
    const at::Tensor base = torch::randn({7, 333}, torch::dtype(type).requires_grad(true));
    torch::manual_seed(5);
    const at::Tensor sum = add_dropped(base, x, 0.3);
    EXPECT_TRUE(torch::allclose(sum, base + x * mask, 1e-2, 1e-2));
    const at::Tensor grad = torch::randn_like(sum);
    const auto grads = torch::autograd::grad({sum}, {base, x}, {grad});
    EXPECT_TRUE(torch::equal(grads[0], grad));
    EXPECT_TRUE(torch::allclose(grads[1], grad * mask, 1e-2, 1e-6));
  }
}

TEST(DropoutTest, ReluWorksInPlaceAndKeepsNoMask) {
  const at::Tensor weight = torch::randn({4, 500}, torch::requires_grad());
  const at::Tensor mask = mask_of(weight, 0.2);
  torch::manual_seed(5);
  const at::Tensor before = weight * 1;
  const at::Tensor y = relu_dropped(before, 0.2);
  EXPECT_EQ(y.data_ptr(), before.data_ptr());
  EXPECT_TRUE(torch::allclose(y, weight.relu() * mask));
  y.sum().backward();
  EXPECT_TRUE(torch::allclose(weight.grad(), (weight > 0).to(at::kFloat) * mask));
}

TEST(DropoutTest, ARateOfZeroChangesNothing) {
  const at::Tensor x = torch::randn({40}), y = torch::randn({40});
  EXPECT_TRUE(torch::equal(add_dropped(x, y, 0), x + y));
  EXPECT_TRUE(torch::equal(relu_dropped(x.clone(), 0), x.relu()));
}

TEST(DropoutTest, AddReluEqualsItsTwoParts) {
  const auto check = [](const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor x = a.clone().requires_grad_(), y = b.clone().requires_grad_();
    const at::Tensor ours = add_relu(y * 1, x * 1);
    const auto our_grads = torch::autograd::grad({ours.square().sum()}, {x, y});
    const at::Tensor plain = (y + x).relu();
    const auto grads = torch::autograd::grad({plain.square().sum()}, {x, y});
    EXPECT_TRUE(torch::equal(ours, plain));
    EXPECT_TRUE(torch::equal(our_grads[0], grads[0]));
    EXPECT_TRUE(torch::equal(our_grads[1], grads[1]));
    const torch::NoGradGuard frozen;
    const at::Tensor place = b.clone();
    EXPECT_TRUE(torch::equal(add_relu(place, a), plain));
    EXPECT_TRUE(torch::equal(place, plain));
  };
  const at::Tensor a = torch::randn({2, 5, 7, 9}), b = torch::randn({2, 5, 7, 9});
  check(a, b);
  check(a.contiguous(at::MemoryFormat::ChannelsLast), b.contiguous(at::MemoryFormat::ChannelsLast));
  check(a, b.contiguous(at::MemoryFormat::ChannelsLast));  // two layouts
  check(a.to(at::kBFloat16), b.to(at::kBFloat16));
}

}  // namespace
}  // namespace intr

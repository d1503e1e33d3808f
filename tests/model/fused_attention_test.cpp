// SPDX-License-Identifier: Apache-2.0
#include "intr/model/fused_attention.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

namespace intr {
namespace {

struct Case {
  std::int64_t batch, heads, rows, keys;
  bool padded;
  std::int64_t width = 8;
};

/// Queries, keys and values as the model has them: views into projections.
struct Inputs {
  explicit Inputs(const Case& c, at::ScalarType type = at::kFloat) : width(c.width) {
    const auto options = torch::dtype(type).requires_grad(true);
    query = torch::randn({c.batch, c.rows, c.heads, width}, options);
    key_value = torch::randn({c.batch, c.keys, 2, c.heads, width}, options);
    if (c.padded) {
      allowed = torch::ones({c.batch, 1, 1, c.keys}, torch::kBool);
      for (std::int64_t i = 0; i < c.batch; ++i)
        allowed[i].narrow(2, c.keys - 1 - i % 3, 1 + i % 3).fill_(false);
    }
  }
  at::Tensor q() const { return query.transpose(1, 2); }
  at::Tensor k() const { return key_value.select(2, 0).transpose(1, 2); }
  at::Tensor v() const { return key_value.select(2, 1).transpose(1, 2); }
  at::Tensor weights() const {
    at::Tensor scores =
        torch::matmul(q(), k().transpose(2, 3)) / std::sqrt(static_cast<double>(width));
    if (allowed.defined()) scores = scores.masked_fill(allowed.logical_not(), -INFINITY);
    return scores.softmax(-1);
  }
  std::int64_t width;
  at::Tensor query, key_value, allowed;
};

class FusedAttentionTest : public testing::TestWithParam<Case> {};

TEST_P(FusedAttentionTest, WithoutDroppingItIsAttention) {
  torch::manual_seed(1);
  const Inputs in(GetParam());
  const at::Tensor ours = fused_attention(in.q(), in.k(), in.v(), in.allowed, 0);
  const at::Tensor plain = torch::matmul(in.weights(), in.v());
  EXPECT_TRUE(torch::allclose(ours, plain, 1e-4, 1e-5));
  const at::Tensor grad = torch::randn_like(plain);
  const auto our_grads = torch::autograd::grad({ours}, {in.query, in.key_value}, {grad});
  const auto grads = torch::autograd::grad({plain}, {in.query, in.key_value}, {grad});
  EXPECT_TRUE(torch::allclose(our_grads[0], grads[0], 1e-3, 1e-5));
  EXPECT_TRUE(torch::allclose(our_grads[1], grads[1], 1e-3, 1e-5));
}

TEST_P(FusedAttentionTest, DropsWeightsAndGoesBackThroughTheSameOnes) {
  torch::manual_seed(2);
  const Case c = GetParam();
  const Inputs in(c);
  // Values that are unit vectors show the weights themselves, `width` keys at a time.
  at::Tensor kept = torch::zeros({c.batch, c.heads, c.rows, c.keys});
  const at::Tensor unit = torch::eye(c.keys);
  for (std::int64_t first = 0; first < c.keys; first += c.width) {
    const std::int64_t count = std::min(c.width, c.keys - first);
    at::Tensor values = torch::zeros({c.batch, c.heads, c.keys, c.width});
    values.narrow(3, 0, count).copy_(unit.narrow(1, first, count));
    torch::manual_seed(3);
    kept.narrow(3, first, count)
        .copy_(fused_attention(in.q(), in.k(), values, in.allowed, 0.4).narrow(3, 0, count));
  }
  const at::Tensor weights = in.weights();
  const at::Tensor mask = (kept / weights.clamp_min(1e-20)).detach();  // 0 or 1 / (1 - rate)
  const at::Tensor whole = mask > 0;
  EXPECT_TRUE(torch::allclose(mask.masked_select(whole),
                              torch::full({whole.sum().item<std::int64_t>()}, 1 / 0.6), 1e-3));
  const double share = whole.to(at::kFloat).mean().item<double>();
  EXPECT_GT(share, 0.35);
  EXPECT_LT(share, 0.8);

  torch::manual_seed(3);
  const at::Tensor ours = fused_attention(in.q(), in.k(), in.v(), in.allowed, 0.4);
  const at::Tensor plain = torch::matmul(weights * mask, in.v());
  EXPECT_TRUE(torch::allclose(ours, plain, 1e-3, 1e-5));
  const at::Tensor grad = torch::randn_like(plain);
  const auto our_grads = torch::autograd::grad({ours}, {in.query, in.key_value}, {grad});
  const auto grads = torch::autograd::grad({plain}, {in.query, in.key_value}, {grad});
  EXPECT_TRUE(torch::allclose(our_grads[0], grads[0], 1e-3, 1e-5));
  EXPECT_TRUE(torch::allclose(our_grads[1], grads[1], 1e-3, 1e-5));
}

TEST_P(FusedAttentionTest, InBfloat16ItIsNear) {
  torch::manual_seed(4);
  const Inputs in(GetParam(), at::kBFloat16);
  torch::manual_seed(5);
  const at::Tensor half = fused_attention(in.q(), in.k(), in.v(), in.allowed, 0.1);
  EXPECT_EQ(half.scalar_type(), at::kBFloat16);
  torch::manual_seed(5);
  const at::Tensor full = fused_attention(in.q().to(at::kFloat), in.k().to(at::kFloat),
                                          in.v().to(at::kFloat), in.allowed, 0.1);
  EXPECT_TRUE(torch::allclose(half.to(at::kFloat), full, 0.05, 0.05));
  const auto grads = torch::autograd::grad({half.to(at::kFloat).square().sum()}, {in.query});
  const auto full_grads = torch::autograd::grad({full.square().sum()}, {in.query});
  const double error = (grads[0] - full_grads[0]).to(at::kFloat).norm().item<double>() /
                       full_grads[0].to(at::kFloat).norm().item<double>();
  EXPECT_LT(error, 0.05);
}

TEST_P(FusedAttentionTest, APicturesResultDependsNeitherOnTheBatchNorOnThreads) {
  torch::manual_seed(6);
  const at::NoGradGuard no_grad;
  const int threads = at::get_num_threads();
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Inputs in(GetParam(), type);
    at::set_num_threads(2);
    const at::Tensor all = fused_attention(in.q(), in.k(), in.v(), in.allowed, 0);
    at::set_num_threads(1);
    EXPECT_TRUE(torch::equal(fused_attention(in.q(), in.k(), in.v(), in.allowed, 0), all));
    const auto last = [&](const at::Tensor& x) { return x.narrow(0, GetParam().batch - 1, 1); };
    const at::Tensor allowed = in.allowed.defined() ? last(in.allowed) : in.allowed;
    EXPECT_TRUE(torch::equal(fused_attention(last(in.q()), last(in.k()), last(in.v()), allowed, 0),
                             last(all)));
  }
  at::set_num_threads(threads);
}

TEST(FusedAttention, WhatIsNoNumberComesOut) {
  const at::NoGradGuard no_grad;
  const Case c{1, 2, 40, 50, false};
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    const Inputs one(c, type), all(c, type);
    one.key_value[0][17][0][1].fill_(NAN);  // a key of head 1: nothing of that head is known
    const at::Tensor out = fused_attention(one.q(), one.k(), one.v(), {}, 0)[0];
    EXPECT_TRUE(out[0].isfinite().all().item<bool>());
    EXPECT_TRUE(out[1].isnan().all().item<bool>());
    all.query.fill_(NAN);
    EXPECT_TRUE(fused_attention(all.q(), all.k(), all.v(), {}, 0).isnan().all().item<bool>());
  }
}

TEST(FusedAttention, ARowThatMayLookNowhereIsZero) {
  const Inputs in({2, 1, 5, 20, false});
  const at::Tensor allowed = torch::ones({2, 1, 1, 20}, torch::kBool);
  allowed[1].fill_(false);
  const at::Tensor out = fused_attention(in.q(), in.k(), in.v(), allowed, 0);
  EXPECT_TRUE(out[0].isfinite().all().item<bool>());
  EXPECT_TRUE(torch::equal(out[1], torch::zeros_like(out[1])));
  const auto grads = torch::autograd::grad({out.sum()}, {in.query, in.key_value});
  EXPECT_TRUE(grads[0].isfinite().all().item<bool>());
  EXPECT_TRUE(grads[1].isfinite().all().item<bool>());
}

INSTANTIATE_TEST_SUITE_P(Sizes, FusedAttentionTest,
                         testing::Values(Case{2, 2, 5, 9, false}, Case{3, 2, 33, 150, true},
                                         Case{5, 3, 40, 17, true}, Case{2, 8, 300, 420, true},
                                         Case{2, 2, 64, 32, false},        // nothing is padded
                                         Case{2, 2, 65, 33, true, 5},      // an odd width
                                         Case{3, 4, 130, 64, true, 32}));  // as the model has it

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/attention.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

namespace intr {
namespace {

/// Attention of width D and N heads with random weights, and the same computed step by step.
class Attention : public testing::Test {
 protected:
  static constexpr std::int64_t kWidth = 12;
  static constexpr std::int64_t kHeads = 3;

  Attention() {
    torch::manual_seed(5);
    add("in_proj_weight", {3 * kWidth, kWidth});
    add("in_proj_bias", {3 * kWidth});
    add("out_proj.weight", {kWidth, kWidth});
    add("out_proj.bias", {kWidth});
  }
  MultiheadAttention make() {
    TensorCursor cursor(rows_, tensors_);
    return {kHeads, cursor};
  }
  at::Tensor split(const at::Tensor& x, std::int64_t part) const {
    const at::Tensor y =
        torch::linear(x, tensors_.at("in_proj_weight").narrow(0, part * kWidth, kWidth),
                      tensors_.at("in_proj_bias").narrow(0, part * kWidth, kWidth));
    return y.unflatten(2, {kHeads, -1}).transpose(1, 2);
  }
  at::Tensor plain(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                   const at::Tensor& padding) const {
    at::Tensor scores = split(query, 0).matmul(split(key, 1).transpose(2, 3)) / 2.0;  // sqrt(4)
    if (padding.defined())
      scores = scores.masked_fill(padding.unsqueeze(1).unsqueeze(1), -INFINITY);
    const at::Tensor mixed = scores.softmax(-1).matmul(split(value, 2));
    return torch::linear(mixed.transpose(1, 2).flatten(2), tensors_.at("out_proj.weight"),
                         tensors_.at("out_proj.bias"));
  }
  static at::Tensor allow(const at::Tensor& padding) {
    return padding.logical_not().unsqueeze(1).unsqueeze(1);
  }

  const at::Tensor padding_ =
      torch::tensor({0, 0, 0, 0, 0, 0, 1, 0, 1, 1}).view({2, 5}).to(at::kBool);

 private:
  void add(const char* name, std::vector<std::int64_t> shape) {
    ParameterRow row;
    row.name = name;
    row.shape = shape;
    rows_.push_back(row);
    tensors_.emplace(name, torch::randn(shape) * 0.5);
  }
  std::vector<ParameterRow> rows_;
  TensorMap tensors_;
};

TEST_F(Attention, SelfEqualsTheFormula) {
  const MultiheadAttention attention = make();
  const at::Tensor x = torch::randn({2, 5, kWidth});
  const at::Tensor moved = x + torch::randn({5, kWidth});
  EXPECT_TRUE(
      torch::allclose(attention.self(moved, x, {}, {}), plain(moved, moved, x, {}), 1e-4, 1e-5));
  EXPECT_TRUE(torch::allclose(attention.self(moved, x, allow(padding_), {}),
                              plain(moved, moved, x, padding_), 1e-4, 1e-5));
}

TEST_F(Attention, CrossEqualsTheFormulaAndExpandsSharedQueries) {
  const MultiheadAttention attention = make();
  const at::Tensor memory = torch::randn({2, 5, kWidth});
  const at::Tensor queries = torch::randn({1, 4, kWidth});
  const at::Tensor got = attention.cross(queries, memory, allow(padding_), {}, nullptr);
  EXPECT_TRUE(torch::allclose(got, plain(queries.expand({2, -1, -1}), memory, memory, padding_),
                              1e-4, 1e-5));
}

TEST_F(Attention, CaptureGivesTheWeights) {
  const MultiheadAttention attention = make();
  const at::Tensor memory = torch::randn({2, 5, kWidth});
  const at::Tensor queries = torch::randn({1, 4, kWidth});
  CrossAttentionCapture captured;
  const at::Tensor out = attention.cross(queries, memory, {}, {}, &captured);
  EXPECT_TRUE(torch::equal(out, attention.cross(queries, memory, {}, {}, nullptr)));
  const at::Tensor expected =
      split(queries, 0).matmul(split(memory, 1).transpose(2, 3)).div(2).softmax(-1);
  const at::Tensor weights = captured.query.matmul(captured.key.transpose(2, 3)).softmax(-1);
  EXPECT_TRUE(torch::allclose(weights, expected, 1e-4, 1e-6));
}

TEST_F(Attention, InBfloat16CaptureGivesTheWeightsOfTheRoundedFactors) {
  const MultiheadAttention attention = make();
  attention.in_proj_bias.narrow(0, kWidth, kWidth).add_(60);  // large keys: their rounding shows
  const LayerMode mode{.products = at::kBFloat16};
  const at::Tensor memory = torch::randn({2, 5, kWidth});
  const at::Tensor queries = torch::randn({1, 4, kWidth});
  for (const at::Tensor& padding : {at::Tensor(), padding_}) {
    CrossAttentionCapture captured;
    const at::Tensor allowed = padding.defined() ? allow(padding) : padding;
    const at::Tensor out = attention.cross(queries, memory, allowed, mode, &captured);
    at::Tensor scores = captured.query.matmul(captured.key.transpose(2, 3));
    if (padding.defined()) scores.masked_fill_(padding.unsqueeze(1).unsqueeze(1), -INFINITY);
    const at::Tensor mixed = scores.softmax(-1).matmul(captured.value);
    const at::Tensor expected = torch::linear(mixed.transpose(1, 2).flatten(2),
                                              attention.out_proj.weight, attention.out_proj.bias);
    EXPECT_LE((out - expected).abs().max().item<float>(),
              0.01F * expected.abs().max().item<float>());
  }
}

TEST_F(Attention, MeanWeightsAreThoseThatMixTheValues) {
  const MultiheadAttention attention = make();
  const at::Tensor x = torch::randn({2, 5, kWidth}), with_position = torch::randn({2, 5, kWidth});
  for (const at::Tensor& padding : {at::Tensor(), padding_}) {
    const at::Tensor allowed = padding.defined() ? allow(padding) : padding;
    at::Tensor mean;
    const at::Tensor out = attention.self(with_position, x, allowed, {}, &mean);
    EXPECT_TRUE(torch::equal(out, attention.self(with_position, x, allowed, {})));
    // From the definition, for all heads at once.
    const auto part = [&](std::int64_t number, const at::Tensor& of) {
      const at::Tensor weight = attention.in_proj_weight.narrow(0, number * kWidth, kWidth);
      const at::Tensor bias = attention.in_proj_bias.narrow(0, number * kWidth, kWidth);
      return torch::linear(of, weight, bias)
          .view({2, 5, attention.num_heads, -1})
          .transpose(1, 2);  // [B, N, rows, d]
    };
    const at::Tensor q = part(0, with_position), k = part(1, with_position);
    at::Tensor scores =
        q.matmul(k.transpose(2, 3)) / std::sqrt(static_cast<double>(kWidth / attention.num_heads));
    if (padding.defined())
      scores = scores.masked_fill(padding.unsqueeze(1).unsqueeze(1), -INFINITY);
    EXPECT_TRUE(torch::allclose(mean, scores.softmax(-1).mean(1), 1e-4, 1e-6));
  }
}

TEST_F(Attention, MaskedKeysAreWithoutInfluence) {
  const MultiheadAttention attention = make();
  const at::Tensor queries = torch::randn({1, 4, kWidth});
  const at::Tensor memory = torch::randn({2, 5, kWidth});
  const at::Tensor other = torch::where(padding_.unsqueeze(2), torch::full({1}, 9.F), memory);
  EXPECT_TRUE(torch::equal(attention.cross(queries, memory, allow(padding_), {}, nullptr),
                           attention.cross(queries, other, allow(padding_), {}, nullptr)));
}

TEST(LayerMode, DropsInTrainingAlone) {
  const at::Tensor x = torch::ones({1000}), none = torch::zeros({1000});
  EXPECT_TRUE(torch::equal((LayerMode{0.5, false}.add_dropped(none, x)), x));
  EXPECT_TRUE(torch::equal((LayerMode{0.0, true}.add_dropped(none, x)), x));
  torch::manual_seed(1);
  const at::Tensor y = LayerMode{0.5, true}.add_dropped(none, x);
  EXPECT_TRUE(y.eq(0).logical_or(y.eq(2)).all().item<bool>());
  EXPECT_NEAR(y.mean().item<float>(), 1, 0.15);
}

}  // namespace
}  // namespace intr

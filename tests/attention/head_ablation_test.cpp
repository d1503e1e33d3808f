// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/head_ablation.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <set>

#include "intr/attention/map_extractor.h"
#include "intr/core/error.h"
#include "support/looked_at.h"

namespace intr {
namespace {

using test::LookedAt;

at::Tensor out_proj(const LookedAt& seen, std::int64_t layer, const char* part) {
  return seen.model.tensors().at(
      fmt::format("transformer.decoder.layers.{}.multihead_attn.out_proj.{}", layer, part));
}

/// The cross-attention's output from its definition, with other weights for some heads.
/// @return [1, C, D]
at::Tensor output_without(const LookedAt& seen, std::int64_t layer,
                          const std::set<std::int64_t>& heads, Ablation ablation) {
  const CrossAttentionCapture& capture = seen.output.captured[static_cast<std::size_t>(layer)];
  const at::Tensor padding = seen.output.feature_padding.flatten(1);
  at::Tensor weights =
      cross_attention_maps(capture, torch::arange(5).view({1, 5}), padding)[0].clone();  // [N,C,S]
  const at::Tensor seen_cells = padding[0].logical_not().to(at::kFloat);
  for (const std::int64_t head : heads)
    weights[head].copy_(ablation == Ablation::kZero
                            ? torch::zeros_like(weights[head])
                            : (seen_cells / seen_cells.sum()).expand_as(weights[head]));
  const at::Tensor mixed = torch::matmul(weights, capture.value[0]);  // [N, C, D/N]
  return torch::addmm(out_proj(seen, layer, "bias"), mixed.transpose(0, 1).flatten(1),
                      out_proj(seen, layer, "weight").t())
      .unsqueeze(0);
}

TargetScores scores_without(const LookedAt& seen, std::int64_t layer,
                            const std::set<std::int64_t>& heads, Ablation ablation,
                            std::int64_t target) {
  const CrossAttentionCapture& capture = seen.output.captured[static_cast<std::size_t>(layer)];
  return {seen.model.decode_on(layer, capture.state, output_without(seen, layer, heads, ablation),
                               seen.output),
          target};
}

TEST(HeadAblation, TheDecoderGoesOnFromEveryLayer) {
  const at::NoGradGuard no_grad;
  for (const bool pre_norm : {false, true}) {
    const LookedAt& seen = test::looked_at(pre_norm);
    ASSERT_TRUE(seen.output.feature_padding.any().item<bool>());
    for (std::int64_t layer = 0; layer < 2; ++layer) {
      const CrossAttentionCapture& capture = seen.output.captured[static_cast<std::size_t>(layer)];
      const at::Tensor logits =
          seen.model.decode_on(layer, capture.state, capture.output, seen.output);
      EXPECT_TRUE(at::allclose(logits, seen.output.logits, 1e-5, 1e-5)) << layer;
      // The changed output is really used.
      const at::Tensor other =
          seen.model.decode_on(layer, capture.state, capture.output.flip(2), seen.output);
      EXPECT_GT((other - seen.output.logits).abs().max().item<float>(), 1e-4F) << layer;
    }
  }
}

TEST(HeadAblation, InTheLastLayerQueriesGoOnAlone) {
  const at::NoGradGuard no_grad;
  const LookedAt& seen = test::looked_at();
  const CrossAttentionCapture& capture = seen.output.captured[1];
  const at::Tensor one =
      seen.model.decode_on(1, capture.state.narrow(1, 3, 1), capture.output.narrow(1, 3, 1), {});
  EXPECT_NEAR(one.item<float>(), seen.output.logits[0][3].item<float>(), 1e-5);
  EXPECT_THROW(
      seen.model.decode_on(0, seen.output.captured[0].state, seen.output.captured[0].output, {}),
      InternalError);  // the layers behind need the memory
}

TEST(HeadAblation, EqualsAttentionWithOtherWeights) {
  const at::NoGradGuard no_grad;
  for (const bool pre_norm : {false, true})
    for (std::int64_t layer = 0; layer < 2; ++layer)
      for (const Ablation ablation : {Ablation::kUniform, Ablation::kZero}) {
        const LookedAt& seen = test::looked_at(pre_norm);
        const std::int64_t target = 2;
        const TargetScores whole(seen.output.logits, target);
        HeadScores scores;
        HeadAblation(seen.model, seen.output, seen.output.captured[static_cast<std::size_t>(layer)],
                     target, ablation)
            .ablate_each(scores);
        ASSERT_EQ(scores.effect.size(), 4U);
        for (std::int64_t head = 0; head < 4; ++head) {
          const TargetScores expected = scores_without(seen, layer, {head}, ablation, target);
          const auto place = static_cast<std::size_t>(head);
          EXPECT_NEAR(scores.effect[place], whole.margin(0) - expected.margin(0), 1e-5);
          EXPECT_EQ(scores.flips[place] != 0, expected.best_class(0) != whole.best_class(0));
          EXPECT_GT(std::abs(scores.effect[place]), 1e-5);  // there is something to compare
        }
        const TargetScores none = scores_without(seen, layer, {0, 1, 2, 3}, ablation, target);
        EXPECT_NEAR(scores.effect_of_all, whole.margin(0) - none.margin(0), 1e-5);
        EXPECT_EQ(scores.flips_without_all, none.best_class(0) != whole.best_class(0));
      }
}

TEST(HeadAblation, WithoutAnyHeadTheBiasIsLeft) {
  const LookedAt& seen = test::looked_at();
  const CrossAttentionCapture& capture = seen.output.captured[1];
  const at::Tensor lost = lost_with_heads(capture, out_proj(seen, 1, "weight"),
                                          seen.output.feature_padding, Ablation::kZero);
  ASSERT_EQ(lost.sizes(), (std::vector<std::int64_t>{4, 5, 32}));
  const at::Tensor left = capture.output[0] - lost.sum(0);
  EXPECT_TRUE(at::allclose(left, out_proj(seen, 1, "bias").expand_as(left), 1e-5, 1e-5));
}

TEST(HeadAblation, UniformAttentionLosesNothing) {
  const LookedAt& seen = test::looked_at();
  CrossAttentionCapture capture = seen.output.captured[1];
  const at::Tensor cells = seen.output.feature_padding.flatten().logical_not().to(at::kFloat);
  const at::Tensor mean = (capture.value[0] * cells.unsqueeze(-1)).sum(1, true) / cells.sum();
  capture.mixed = mean.expand_as(capture.mixed[0]).unsqueeze(0);
  const at::Tensor lost = lost_with_heads(capture, out_proj(seen, 1, "weight"),
                                          seen.output.feature_padding, Ablation::kUniform);
  EXPECT_EQ(lost.abs().max().item<float>(), 0);
}

// Every set of removed heads is tried beside the greedy choice.
TEST(HeadAblation, TheLeastMissedHeadGoesFirst) {
  const at::NoGradGuard no_grad;
  std::size_t removed = 0;
  for (std::int64_t target = 0; target < 5; ++target)
    for (const Ablation ablation : {Ablation::kUniform, Ablation::kZero}) {
      const LookedAt& seen = test::looked_at();
      HeadScores scores;
      HeadAblation(seen.model, seen.output, seen.output.captured[1], target, ablation)
          .remove_greedily(scores);
      const std::int64_t best = TargetScores(seen.output.logits, target).best_class(0);
      std::set<std::int64_t> gone;
      for (std::size_t step = 0; step <= scores.removed.size() && gone.size() < 4; ++step) {
        std::int64_t least = -1;
        double margin = 0;
        bool stays = false;
        for (std::int64_t head = 0; head < 4; ++head) {
          if (gone.contains(head)) continue;
          std::set<std::int64_t> more = gone;
          more.insert(head);
          const TargetScores found = scores_without(seen, 1, more, ablation, target);
          if (least >= 0 && found.margin(0) <= margin) continue;
          least = head;
          margin = found.margin(0);
          stays = found.best_class(0) == best;
        }
        if (step == scores.removed.size()) {
          EXPECT_FALSE(stays);  // why it ended
          break;
        }
        EXPECT_TRUE(stays);
        EXPECT_EQ(scores.removed[step], least);
        EXPECT_NEAR(scores.margins[step], margin, 1e-5);
        gone.insert(least);
      }
      removed += scores.removed.size();
    }
  EXPECT_GT(removed, 0U);
}

// A network in which only head 2 of the last layer says anything.
TEST(HeadAblation, FindsTheHeadThatDecides) {
  const at::NoGradGuard no_grad;
  const LookedAt& other = test::looked_at();
  TensorMap tensors = other.model.tensors();
  at::Tensor& weight = tensors.at("transformer.decoder.layers.1.multihead_attn.out_proj.weight");
  weight = weight.clone();
  weight.narrow(1, 0, 16).zero_();
  weight.narrow(1, 24, 8).zero_();
  const Intr model(other.model.config(), tensors);
  const IntrOutput output = model.forward(other.picture, {other.size}, {.capture_layers = {1}});
  HeadScores scores;
  std::int64_t target = -1;
  while (scores.effect.empty() || scores.effect[2] < 1e-3) {  // a class that it speaks for
    scores = {};
    ASSERT_LT(++target, 5);
    HeadAblation(model, output, output.captured[0], target, Ablation::kZero).ablate_each(scores);
  }
  for (const std::size_t head : {0U, 1U, 3U}) EXPECT_NEAR(scores.effect[head], 0, 1e-5);
  EXPECT_NEAR(scores.effect[2], scores.effect_of_all, 1e-5);
  HeadAblation(model, output, output.captured[0], target, Ablation::kZero).remove_greedily(scores);
  ASSERT_GE(scores.removed.size(), 3U);
  const std::set<std::int32_t> first(scores.removed.begin(), scores.removed.begin() + 3);
  EXPECT_EQ(first, (std::set<std::int32_t>{0, 1, 3}));
}

TEST(HeadAblation, Names) {
  EXPECT_EQ(ablation_named("uniform"), Ablation::kUniform);
  EXPECT_EQ(ablation_named("zero"), Ablation::kZero);
  EXPECT_THROW(ablation_named("none"), UsageError);
}

}  // namespace
}  // namespace intr

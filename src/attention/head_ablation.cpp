// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/head_ablation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <numeric>
#include <utility>
#include <vector>

#include "intr/core/error.h"

namespace intr {
namespace {

/// Mean of each head's values over the cells that are not padded. @return [N, 1, D/N]
at::Tensor mean_values(const CrossAttentionCapture& capture, const at::Tensor& padding) {
  const at::Tensor seen = padding[0].flatten().logical_not().to(at::kFloat);  // [S]
  return (capture.value[0] * seen.unsqueeze(-1)).sum(1, true) / seen.sum();
}

/// The output projection's part of each head. @param of_heads [N, …, D/N]  @return [N, D/N, D]
at::Tensor by_head(const at::Tensor& out_weight, const at::Tensor& of_heads) {
  return out_weight.view({out_weight.size(0), of_heads.size(0), of_heads.size(2)})
      .permute({1, 2, 0});
}

}  // namespace

Ablation ablation_named(const std::string& name) {
  if (name == "uniform") return Ablation::kUniform;
  if (name == "zero") return Ablation::kZero;
  throw UsageError(fmt::format("'{}' is unknown", name), "--ablate", "give uniform or zero");
}

at::Tensor lost_with_heads(const CrossAttentionCapture& capture, const at::Tensor& out_weight,
                           const at::Tensor& padding, Ablation ablation) {
  at::Tensor lost = capture.mixed[0];  // [N, C, D/N]
  if (ablation == Ablation::kUniform) lost = lost - mean_values(capture, padding);
  return at::bmm(lost, by_head(out_weight, lost));
}

at::Tensor left_without_heads(const CrossAttentionCapture& capture, const at::Tensor& out_weight,
                              const at::Tensor& out_bias, const at::Tensor& padding,
                              Ablation ablation) {
  at::Tensor left = out_bias.view({1, 1, -1});
  if (ablation == Ablation::kUniform) {
    const at::Tensor mean = mean_values(capture, padding);
    left = left + at::bmm(mean, by_head(out_weight, mean)).sum(0, true);
  }
  return left.expand_as(capture.output);
}

HeadAblation::HeadAblation(const Intr& model, const IntrOutput& encoded,
                           const CrossAttentionCapture& capture, std::int64_t target,
                           Ablation ablation, std::string where)
    : model_(model),
      encoded_(encoded),
      capture_(capture),
      where_(std::move(where)),
      whole_(encoded.logits, target, where_),
      target_(target) {
  const std::string projection =
      fmt::format("transformer.decoder.layers.{}.multihead_attn.out_proj.", capture.layer);
  const at::Tensor& weight = model.tensors().at(projection + "weight");
  const at::Tensor& padding = encoded.feature_padding;
  lost_ = lost_with_heads(capture, weight, padding, ablation);
  without_all_ = left_without_heads(capture, weight, model.tensors().at(projection + "bias"),
                                    padding, ablation);
}

TargetScores HeadAblation::with(const at::Tensor& outputs) const {
  const at::NoGradGuard no_grad;
  return {model_.decode_on(capture_.layer, capture_.state, outputs, encoded_), target_, where_};
}

void HeadAblation::ablate_each(HeadScores& scores) const {
  const TargetScores found = with(at::cat({capture_.output - lost_, without_all_}, 0));
  const std::int64_t heads = lost_.size(0), best = whole_.best_class(0);
  for (std::int64_t n = 0; n < heads; ++n) {
    scores.effect.push_back(whole_.margin(0) - found.margin(n));
    scores.flips.push_back(found.best_class(n) != best ? 1 : 0);
  }
  scores.effect_of_all = whole_.margin(0) - found.margin(heads);
  scores.flips_without_all = found.best_class(heads) != best;
}

void HeadAblation::remove_greedily(HeadScores& scores) const {
  std::vector<std::int64_t> left(static_cast<std::size_t>(lost_.size(0)));
  std::iota(left.begin(), left.end(), 0);
  at::Tensor gone = at::zeros_like(lost_.narrow(0, 0, 1));  // [1, C, D]
  while (!left.empty()) {
    const at::Tensor heads = at::tensor(left, lost_.options().dtype(at::kLong));
    const TargetScores found = with(capture_.output - (gone + lost_.index_select(0, heads)));
    std::int64_t least = 0;
    for (std::int64_t v = 1; v < std::ssize(left); ++v)
      if (found.margin(v) > found.margin(least)) least = v;
    if (found.best_class(least) != whole_.best_class(0)) return;
    const std::int64_t head = left[static_cast<std::size_t>(least)];
    scores.removed.push_back(static_cast<std::int32_t>(head));
    scores.margins.push_back(found.margin(least));
    gone = gone + lost_.narrow(0, head, 1);
    left.erase(left.begin() + least);
  }
}

}  // namespace intr

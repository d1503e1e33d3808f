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
Ablation ablation_named(const std::string& name) {
  if (name == "uniform") return Ablation::kUniform;
  if (name == "zero") return Ablation::kZero;
  throw UsageError(fmt::format("'{}' is unknown", name), "--ablate", "give uniform or zero");
}

at::Tensor lost_with_heads(const CrossAttentionCapture& capture, const at::Tensor& out_weight,
                           const at::Tensor& padding, Ablation ablation) {
  at::Tensor lost = capture.mixed[0];  // [N, C, D/N]
  if (ablation == Ablation::kUniform) {
    const at::Tensor seen = padding[0].flatten().logical_not().to(at::kFloat);  // [S]
    const at::Tensor mean =
        (capture.value[0] * seen.unsqueeze(-1)).sum(1, true) / seen.sum();  // [N, 1, D/N]
    lost = lost - mean;
  }
  const at::Tensor by_head =
      out_weight.view({out_weight.size(0), lost.size(0), lost.size(2)}).permute({1, 2, 0});
  return at::bmm(lost, by_head);
}

HeadAblation::HeadAblation(const Intr& model, const IntrOutput& encoded,
                           const CrossAttentionCapture& capture, std::int64_t target,
                           Ablation ablation, std::string where)
    : model_(model),
      encoded_(encoded),
      capture_(capture),
      where_(std::move(where)),
      whole_(encoded.logits, target, where_),
      target_(target),
      lost_(lost_with_heads(
          capture,
          model.tensors().at(fmt::format(
              "transformer.decoder.layers.{}.multihead_attn.out_proj.weight", capture.layer)),
          encoded.feature_padding, ablation)) {}

/// @param lost [V, C, D]
TargetScores HeadAblation::without(const at::Tensor& lost) const {
  const at::NoGradGuard no_grad;
  return {model_.decode_on(capture_.layer, capture_.state, capture_.output - lost, encoded_),
          target_, where_};
}

void HeadAblation::ablate_each(HeadScores& scores) const {
  const TargetScores found = without(at::cat({lost_, lost_.sum(0, true)}, 0));
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
    const TargetScores found = without(gone + lost_.index_select(0, heads));
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

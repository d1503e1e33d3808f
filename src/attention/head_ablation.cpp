// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/head_ablation.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <cmath>

#include "intr/attention/target_scores.h"
#include "intr/core/error.h"

namespace intr {
namespace {

/// One picture in one layer, with other outputs of its cross-attention.
class AblatedLayer {
 public:
  AblatedLayer(const Intr& model, const IntrOutput& encoded, const CrossAttentionCapture& capture,
               std::int64_t target)
      : model_(model), encoded_(encoded), capture_(capture), target_(target) {}

  /// @param outputs [V, C, D]
  TargetScores scores(const at::Tensor& outputs) const {
    return {model_.decode_on(capture_.layer, capture_.state, outputs, encoded_), target_};
  }

 private:
  const Intr& model_;
  const IntrOutput& encoded_;
  const CrossAttentionCapture& capture_;
  std::int64_t target_;
};

/// Takes away the least missed head again and again.
/// @param lost [N, C, D]  @param first scores without each single head
void remove_greedily(const AblatedLayer& layer, const at::Tensor& output, const at::Tensor& lost,
                     const TargetScores& first, std::int64_t best_class, HeadScores& scores) {
  std::vector<std::int64_t> left;
  for (std::int64_t n = 0; n < lost.size(0); ++n) left.push_back(n);
  at::Tensor rest = output;
  while (!left.empty()) {
    const at::Tensor candidates = at::tensor(left, lost.options().dtype(at::kLong));
    const TargetScores found = scores.removed.empty()
                                   ? first
                                   : layer.scores(rest - lost.index_select(0, candidates));
    std::int64_t least = 0;
    for (std::int64_t v = 1; v < std::ssize(left); ++v)
      if (found.margin(v) > found.margin(least)) least = v;
    if (found.best_class(least) != best_class) return;
    const std::int64_t head = left[static_cast<std::size_t>(least)];
    scores.removed.push_back(static_cast<std::int32_t>(head));
    scores.margins.push_back(found.margin(least));
    rest = rest - lost[head];
    left.erase(left.begin() + least);
  }
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

HeadScores ablate_heads(const Intr& model, const IntrOutput& encoded,
                        const CrossAttentionCapture& capture, std::int64_t target,
                        Ablation ablation) {
  const at::NoGradGuard no_grad;
  const at::Tensor out_weight = model.tensors().at(
      fmt::format("transformer.decoder.layers.{}.multihead_attn.out_proj.weight", capture.layer));
  const at::Tensor lost =
      lost_with_heads(capture, out_weight, encoded.feature_padding, ablation);  // [N, C, D]
  const AblatedLayer layer(model, encoded, capture, target);
  const at::Tensor without_all = capture.output - lost.sum(0, true);
  const TargetScores found = layer.scores(at::cat({capture.output - lost, without_all}, 0));
  const TargetScores whole(encoded.logits, target);
  const std::int64_t heads = lost.size(0), best = whole.best_class(0);
  HeadScores scores;
  for (std::int64_t n = 0; n < heads; ++n) {
    scores.effect.push_back(whole.margin(0) - found.margin(n));
    scores.flips.push_back(found.best_class(n) != best ? 1 : 0);
  }
  scores.effect_of_all = whole.margin(0) - found.margin(heads);
  scores.flips_without_all = found.best_class(heads) != best;
  // `found` has one variant more than the removal looks at.
  remove_greedily(layer, capture.output, lost, found, best, scores);
  return scores;
}

}  // namespace intr

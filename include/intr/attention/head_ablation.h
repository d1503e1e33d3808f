// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "intr/attention/model_scores.h"
#include "intr/attention/target_scores.h"
#include "intr/model/intr.h"

/// What single heads of a decoder layer's cross-attention are worth: what happens to the answer if
/// a head no longer chooses cells, or says nothing. The encoder's memory stays as it is.
namespace intr {

/// What a head's attention becomes, for all queries.
enum class Ablation : std::uint8_t {
  kUniform,  ///< the same for every cell that is not padded
  kZero      ///< nothing is looked at
};
/// "uniform" or "zero". @throws UsageError
Ablation ablation_named(const std::string& name);

/// What the cross-attention's output loses with each head: W_O of the head times sum_j (a_j - b_j)
/// v_j, where b is what the attention a becomes. No attention weights are computed: the head's sum
/// over a was captured.
/// @param capture of one picture  @param out_weight W_O, [D, D]
/// @param padding [1, h, w] bool, true where padded
/// @return [N, C, D]
at::Tensor lost_with_heads(const CrossAttentionCapture& capture, const at::Tensor& out_weight,
                           const at::Tensor& padding, Ablation ablation);

/// What is left of the output without all heads: W_O's bias, and with kUniform the projected mean
/// of values. What all heads lose together would leave it to rounding.
/// @param out_bias b_O, [D]  @return [1, C, D]
at::Tensor left_without_heads(const CrossAttentionCapture& capture, const at::Tensor& out_weight,
                              const at::Tensor& out_bias, const at::Tensor& padding,
                              Ablation ablation);

/// Takes heads of one picture away. Everything is computed from the captured sums on: in the last
/// layer that is one output projection, feed-forward and norms.
class HeadAblation {
 public:
  /// @param encoded forward pass of one picture that captured the layer; with keep_memory unless
  /// the layer is the last. Both outlive this
  /// @param target  class whose margin counts  @param where the sample, for messages
  HeadAblation(const Intr& model, const IntrOutput& encoded, const CrossAttentionCapture& capture,
               std::int64_t target, Ablation ablation, std::string where = "");

  /// Each head alone, and all of them.
  void ablate_each(HeadScores& scores) const;
  /// One head after another, the least missed one first, while the best class stays. Of equal ones
  /// the lower head goes first.
  void remove_greedily(HeadScores& scores) const;

 private:
  /// @param outputs [V, C, D] of the cross-attention
  TargetScores with(const at::Tensor& outputs) const;

  const Intr& model_;
  const IntrOutput& encoded_;
  const CrossAttentionCapture& capture_;
  std::string where_;
  TargetScores whole_;
  std::int64_t target_;
  at::Tensor lost_;         ///< [N, C, D]
  at::Tensor without_all_;  ///< [1, C, D], the output without all heads
};

}  // namespace intr

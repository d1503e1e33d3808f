// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "intr/attention/model_scores.h"
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

/// Takes away each head, all heads, and heads one after another, the least missed one first, while
/// the best class stays. Of equal ones the lower head goes first.
/// @param encoded forward pass of one picture that captured the layer; with keep_memory unless the
/// layer is the last
/// @param target  class whose margin counts
HeadScores ablate_heads(const Intr& model, const IntrOutput& encoded,
                        const CrossAttentionCapture& capture, std::int64_t target,
                        Ablation ablation);

}  // namespace intr

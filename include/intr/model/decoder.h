// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

#include "intr/model/attention.h"
#include "intr/model/model_config.h"

namespace intr {

/// Self-attention among the queries, cross-attention to the memory (whose keys carry no
/// positions), then feed-forward.
struct DecoderLayer {
  DecoderLayer(const ModelConfig& config, TensorCursor& tensors);
  /// @param state   [B or 1, C, D]
  /// @param embed   [1, C, D], the query embedding, added wherever the state asks
  /// @param memory  [B or 1, S, D]  @param allowed [B or 1, 1, 1, S] or undefined
  /// @param capture filled unless null
  /// @return [B, C, D]
  at::Tensor forward(const at::Tensor& state, const at::Tensor& embed, const at::Tensor& memory,
                     const at::Tensor& allowed, const LayerMode& mode,
                     CrossAttentionCapture* capture) const;
  /// The half behind the cross-attention: its residual sum, then feed-forward. Each query for
  /// itself.
  /// @param state [B or 1, rows, D], what the output is added to  @param output [B, rows, D]
  at::Tensor finish(const at::Tensor& state, const at::Tensor& output, const LayerMode& mode) const;

  bool pre_norm;
  MultiheadAttention self_attn;
  MultiheadAttention multihead_attn;
  Affine linear1, linear2;
  Affine norm1, norm2, norm3;
};

struct Decoder {
  Decoder(const ModelConfig& config, TensorCursor& tensors);
  /// @param state   [B or 1, C, D], zeros: what the first layer starts from
  /// @param capture says where layer i's capture goes; null: nowhere
  /// @return the un-normed state after each layer, L of [B, C, D]
  std::vector<at::Tensor> forward(
      const at::Tensor& state, const at::Tensor& embed, const at::Tensor& memory,
      const at::Tensor& allowed, const LayerMode& mode,
      const std::function<CrossAttentionCapture*(std::int64_t)>& capture) const;

  std::vector<DecoderLayer> layers;
  Affine norm;
};

}  // namespace intr

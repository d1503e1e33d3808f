// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "intr/model/attention.h"
#include "intr/model/model_config.h"

namespace intr {

/// Self-attention among the feature cells, then feed-forward.
struct EncoderLayer {
  EncoderLayer(const ModelConfig& config, TensorCursor& tensors);
  /// @param x [B, S, D]  @param position [B or 1, S, D]  @param allowed [B, 1, 1, S] or undefined
  at::Tensor forward(const at::Tensor& x, const at::Tensor& position, const at::Tensor& allowed,
                     const LayerMode& mode) const;

  bool pre_norm;
  MultiheadAttention self_attn;
  Affine linear1, linear2;
  Affine norm1, norm2;
};

struct Encoder {
  Encoder(const ModelConfig& config, TensorCursor& tensors);
  /// @return the memory, [B, S, D]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& position, const at::Tensor& allowed,
                     const LayerMode& mode) const;

  std::vector<EncoderLayer> layers;
  std::optional<Affine> norm;  ///< only with pre-norm
};

}  // namespace intr

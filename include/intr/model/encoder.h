// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "intr/model/attention.h"
#include "intr/model/model_config.h"

namespace intr {

/// Self-attention among the feature cells, then feed-forward.
struct EncoderLayer {
  EncoderLayer(const ModelConfig& config, TensorCursor& tensors);
  /// @param x [B, S, D]  @param position [B or 1, S, D]  @param allowed [B, 1, 1, S] or undefined
  /// @param mean_weights see MultiheadAttention::self
  at::Tensor forward(const at::Tensor& x, const at::Tensor& position, const at::Tensor& allowed,
                     const LayerMode& mode, at::Tensor* mean_weights = nullptr) const;

  bool pre_norm;
  MultiheadAttention self_attn;
  Affine linear1, linear2;
  Affine norm1, norm2;
};

struct Encoder {
  Encoder(const ModelConfig& config, TensorCursor& tensors);
  /// @param mean_weights where a layer's mean attention goes, or null, by the layer's number
  /// @return the memory, [B, S, D]
  at::Tensor forward(const at::Tensor& x, const at::Tensor& position, const at::Tensor& allowed,
                     const LayerMode& mode,
                     const std::function<at::Tensor*(std::int64_t)>& mean_weights = {}) const;

  std::vector<EncoderLayer> layers;
  std::optional<Affine> norm;  ///< only with pre-norm
};

}  // namespace intr

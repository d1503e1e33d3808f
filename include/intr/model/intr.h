// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "intr/core/image_size.h"
#include "intr/model/attention.h"
#include "intr/model/model_config.h"
#include "intr/model/tensor_cursor.h"

namespace intr {

struct ForwardOptions {
  bool training = false;  ///< dropout on; gradients are recorded by the caller's grad mode
  /// Decoder layers (from 0) whose cross-attention is wanted.
  std::vector<std::int64_t> capture_layers = {};
  /// Encoder layers (from 0) whose attention is wanted: not by the fused way, so it takes longer.
  std::vector<std::int64_t> encoder_layers = {};
  bool keep_hidden = false;  ///< fill hidden
  bool keep_memory = false;  ///< fill memory and position
};

struct IntrOutput {
  at::Tensor logits;           ///< [B, K]
  at::Tensor query_logits;     ///< [B, C]; equal to logits with one query per class
  at::Tensor feature_padding;  ///< [B, h, w] bool, true where padded
  std::int64_t feature_height = 0;
  std::int64_t feature_width = 0;
  at::Tensor hidden;    ///< [L, B, C, D]
  at::Tensor memory;    ///< [B, D, h, w]
  at::Tensor position;  ///< [B, D, h, w]
  std::vector<CrossAttentionCapture> captured;
  /// Attention of each wanted encoder layer, mean of its heads: [B, S, S] float32, rows look.
  std::vector<at::Tensor> encoder_attention;
};

/// INTR (Paul et al., ICLR 2024): ResNet, DETR encoder and decoder with one query per class, one
/// shared vector that scores each query. Holds references to the given tensors; what trains them
/// trains the model.
class Intr {
 public:
  /// @param tensors every row of parameter_table(config), with its shape; those that train require
  /// gradients
  /// @param products type that convolutions, projections and attention compute in: float32, or
  /// bfloat16. All tensors, norms, residuals and results are float32 in either case
  /// @throws InternalError if a tensor is missing or of another shape
  Intr(const ModelConfig& config, TensorMap tensors, at::ScalarType products = at::kFloat);
  Intr(Intr&&) noexcept;
  ~Intr();

  const ModelConfig& config() const noexcept;
  const TensorMap& tensors() const noexcept;

  /// @param images [B, 3, H, W] float32, normalized, zero at the right and bottom of each picture
  /// @param sizes  true size of each picture
  IntrOutput forward(const at::Tensor& images, const std::vector<ImageSize>& sizes,
                     const ForwardOptions& options = {}) const;
  /// Goes on behind a decoder layer's cross-attention as if it had given other outputs, in
  /// evaluation mode.
  /// @param state   [V or 1, C, D], what the outputs are added to: as captured
  /// @param outputs [V, C, D]; gradients flow back to them. In the last layer queries no longer
  /// depend on each other: then C may be some of them
  /// @param encoded of one picture, with keep_memory unless the layer is the last
  /// @return [V, C] query logits
  at::Tensor decode_on(std::int64_t layer, const at::Tensor& state, const at::Tensor& outputs,
                       const IntrOutput& encoded) const;
  /// Call after frozen tensors or buffers were overwritten: their folded copies are made anew.
  void refresh_frozen();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Mean-free sum of cross-entropies of a micro-batch divided by the samples of the step (not of the
/// micro-batch).
/// @param logits [B, K]  @param labels [B] int64  @return 0-dim
at::Tensor classification_loss(const at::Tensor& logits, const at::Tensor& labels,
                               std::int64_t step_samples);

}  // namespace intr

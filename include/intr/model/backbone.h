// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "intr/model/frozen_batch_norm.h"
#include "intr/model/model_config.h"

namespace intr {

/// Two or three convolutions beside a shortcut (He et al., CVPR 2016); the stride sits in the first
/// 3x3 convolution ("v1.5").
struct ResidualBlock {
  std::vector<NormedConvolution> conv;          ///< conv1, conv2, and conv3 of a bottleneck
  std::optional<NormedConvolution> downsample;  ///< where shape or stride change

  /// @param x [B, in, H, W], channels-last; where nothing records gradients its memory may be used
  /// for the result
  at::Tensor forward(const at::Tensor& x) const;
};

/// The residual stages of a ResNet with frozen norms, without pooling and classifier. Stages that
/// do not train record nothing for the backward pass, since neither their input nor their folded
/// weights require gradients.
struct Backbone {
  Backbone(const ModelConfig& config, TensorCursor& tensors);
  /// @param images [B, 3, H, W]  @return [B, channels, h, w], channels-last
  at::Tensor forward(const at::Tensor& images) const;
  /// Folds all constants anew.
  void refresh();

  NormedConvolution conv1;
  std::vector<std::vector<ResidualBlock>> layer;  ///< layer1 to layer4, or to layer3
};

/// 3x3 maximum with stride 2: what follows the first convolution.
at::Tensor stem_pool(const at::Tensor& x);

}  // namespace intr

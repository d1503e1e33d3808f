// SPDX-License-Identifier: Apache-2.0
#include "intr/model/encoder.h"

#include <ATen/TensorOperators.h>

namespace intr {

EncoderLayer::EncoderLayer(const ModelConfig& config, TensorCursor& tensors)
    : pre_norm(config.pre_norm),
      self_attn(config.nheads, tensors),
      linear1(tensors),
      linear2(tensors),
      norm1(tensors),
      norm2(tensors) {}

at::Tensor EncoderLayer::forward(const at::Tensor& x, const at::Tensor& position,
                                 const at::Tensor& allowed, const LayerMode& mode,
                                 at::Tensor* mean_weights) const {
  const auto attend = [&](const at::Tensor& v) {
    return self_attn.self(v + position, v, allowed, mode, mean_weights);
  };
  const auto transform = [&](const at::Tensor& v) {
    return feed_forward(linear1, linear2, v, mode);
  };
  if (pre_norm) {
    const at::Tensor y = mode.add_dropped(x, attend(layer_norm(norm1, x)));
    return mode.add_dropped(y, transform(layer_norm(norm2, y)));
  }
  const at::Tensor y = layer_norm(norm1, mode.add_dropped(x, attend(x)));
  return layer_norm(norm2, mode.add_dropped(y, transform(y)));
}

Encoder::Encoder(const ModelConfig& config, TensorCursor& tensors) {
  for (std::int64_t i = 0; i < config.enc_layers; ++i) layers.emplace_back(config, tensors);
  if (config.pre_norm) norm.emplace(tensors);
}

at::Tensor Encoder::forward(const at::Tensor& x, const at::Tensor& position,
                            const at::Tensor& allowed, const LayerMode& mode,
                            const std::function<at::Tensor*(std::int64_t)>& mean_weights) const {
  at::Tensor memory = x;
  for (std::size_t i = 0; i < layers.size(); ++i)
    memory = layers[i].forward(memory, position, allowed, mode,
                               mean_weights ? mean_weights(static_cast<std::int64_t>(i)) : nullptr);
  return norm ? layer_norm(*norm, memory) : memory;
}

}  // namespace intr

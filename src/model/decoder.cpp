// SPDX-License-Identifier: Apache-2.0
#include "intr/model/decoder.h"

#include <ATen/TensorOperators.h>

namespace intr {

DecoderLayer::DecoderLayer(const ModelConfig& config, TensorCursor& tensors)
    : pre_norm(config.pre_norm),
      self_attn(config.nheads, tensors),
      multihead_attn(config.nheads, tensors),
      linear1(tensors),
      linear2(tensors),
      norm1(tensors),
      norm2(tensors),
      norm3(tensors) {}

at::Tensor DecoderLayer::forward(const at::Tensor& state, const at::Tensor& embed,
                                 const at::Tensor& memory, const at::Tensor& allowed,
                                 const LayerMode& mode, CrossAttentionCapture* capture) const {
  const auto attend_self = [&](const at::Tensor& v) {
    return self_attn.self(v + embed, v, at::Tensor(), mode);
  };
  const at::Tensor x = pre_norm ? mode.add_dropped(state, attend_self(layer_norm(norm1, state)))
                                : layer_norm(norm1, mode.add_dropped(state, attend_self(state)));
  if (capture != nullptr) capture->state = x;
  const at::Tensor asking = pre_norm ? layer_norm(norm2, x) : x;
  const at::Tensor output = multihead_attn.cross(asking + embed, memory, allowed, mode, capture);
  return finish(x, output, mode);
}

at::Tensor DecoderLayer::finish(const at::Tensor& state, const at::Tensor& output,
                                const LayerMode& mode) const {
  const at::Tensor sum = mode.add_dropped(state, output);
  const at::Tensor x = pre_norm ? sum : layer_norm(norm2, sum);
  const at::Tensor change =
      feed_forward(linear1, linear2, pre_norm ? layer_norm(norm3, x) : x, mode);
  const at::Tensor next = mode.add_dropped(x, change);
  return pre_norm ? next : layer_norm(norm3, next);
}

Decoder::Decoder(const ModelConfig& config, TensorCursor& tensors)
    : layers([&] {
        std::vector<DecoderLayer> read;
        for (std::int64_t i = 0; i < config.dec_layers; ++i) read.emplace_back(config, tensors);
        return read;
      }()),
      norm(tensors) {}

std::vector<at::Tensor> Decoder::forward(
    const at::Tensor& state, const at::Tensor& embed, const at::Tensor& memory,
    const at::Tensor& allowed, const LayerMode& mode,
    const std::function<CrossAttentionCapture*(std::int64_t)>& capture) const {
  std::vector<at::Tensor> states;
  at::Tensor x = state;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    x = layers[i].forward(x, embed, memory, allowed, mode, capture(static_cast<std::int64_t>(i)));
    states.push_back(x);
  }
  return states;
}

}  // namespace intr

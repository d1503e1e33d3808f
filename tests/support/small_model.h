// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "intr/model/intr.h"
#include "intr/model/parameter_table.h"
#include "support/formula.h"

namespace intr::test {

/// A model that runs in milliseconds: ResNet-18, D 32, 2 + 2 layers, 7 classes, no dropout.
inline ModelConfig small_config() {
  ModelConfig config;
  config.backbone = "resnet18";
  config.enc_layers = 2;
  config.dec_layers = 2;
  config.hidden_dim = 32;
  config.nheads = 4;
  config.dim_feedforward = 64;
  config.dropout = 0;
  config.num_classes = 7;
  config.image_size = 96;
  return config;
}

inline at::Tensor to_tensor(const std::vector<float>& values,
                            const std::vector<std::int64_t>& shape) {
  return torch::tensor(values, at::kFloat).view(shape);
}

/// Every tensor of the model by formula. @param freeze what does not require gradients
inline TensorMap formula_tensors(const ModelConfig& config, const std::string& freeze = "backbone",
                                 std::uint64_t seed = 0) {
  TensorMap tensors;
  for (const ParameterRow& row : parameter_table(config)) {
    at::Tensor tensor = to_tensor(formula_weight(row.name, row.shape, seed), row.shape);
    tensor.set_requires_grad(!row.buffer && !is_frozen(row.name, freeze));
    tensors.emplace(row.name, tensor);
  }
  return tensors;
}

/// Pictures "image0", "image1", ... by formula, padded with zeros at the right and bottom.
/// @return [B, 3, H, W]
inline at::Tensor formula_images(const std::vector<ImageSize>& sizes, std::uint64_t seed = 0) {
  ImageSize largest;
  for (const ImageSize& size : sizes)
    largest = {std::max(largest.height, size.height), std::max(largest.width, size.width)};
  const auto batch = static_cast<std::int64_t>(sizes.size());
  at::Tensor images = torch::zeros({batch, 3, largest.height, largest.width});
  for (std::int64_t i = 0; i < batch; ++i) {
    const ImageSize size = sizes[static_cast<std::size_t>(i)];
    images[i].slice(1, 0, size.height).slice(2, 0, size.width) =
        to_tensor(formula_image("image" + std::to_string(i), size.height, size.width, seed),
                  {3, size.height, size.width});
  }
  return images;
}

}  // namespace intr::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/torch.h>

#include <vector>

#include "intr/model/initialization.h"
#include "intr/model/intr.h"
#include "support/model_file.h"

namespace intr::test {

/// A random picture and what a tiny random model says of it, every decoder layer captured.
struct LookedAt {
  explicit LookedAt(bool pre_norm = false, ImageSize valid = {90, 100})
      : size(valid),
        model(config_with(pre_norm), initialize_from_scratch(config_with(pre_norm), 3)) {
    torch::manual_seed(4);
    picture = torch::zeros({1, 3, 96, 128});
    picture.narrow(2, 0, size.height)
        .narrow(3, 0, size.width)
        .copy_(torch::randn({1, 3, size.height, size.width}));
    const at::NoGradGuard no_grad;
    output = model.forward(picture, {size}, {.capture_layers = {0, 1}, .keep_memory = true});
  }

  static ModelConfig config_with(bool pre_norm) {
    ModelConfig config = tiny_model(5);
    config.pre_norm = pre_norm;
    return config;
  }

  ImageSize size;  ///< of the picture in its padded tensor
  Intr model;
  at::Tensor picture;  ///< [1, 3, 96, 128]
  IntrOutput output;
};

/// Made once: most of a test's time goes there.
inline const LookedAt& looked_at(bool pre_norm = false) {
  static const LookedAt post(false), pre(true);
  return pre_norm ? pre : post;
}

}  // namespace intr::test

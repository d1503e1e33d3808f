// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "intr/model/initialization.h"
#include "intr/train/training_state.h"

namespace intr::test {

inline ModelConfig small_state_config() {
  ModelConfig config;
  config.backbone = "resnet18";
  config.backbone_stages = 3;
  config.hidden_dim = 16;
  config.nheads = 2;
  config.enc_layers = 1;
  config.dec_layers = 1;
  config.dim_feedforward = 16;
  config.num_classes = 3;
  config.image_size = 32;
  return config;
}

/// A state with initial values and moments that are not zero.
inline std::unique_ptr<TrainingState> small_state(std::uint64_t seed,
                                                  const TrainableOptions& options = {}) {
  const ModelConfig config = small_state_config();
  auto state = std::make_unique<TrainingState>(config, options, at::kCPU);
  state->set_tensors(initialize_from_scratch(config, seed));
  std::vector<float> values(static_cast<std::size_t>(state->num_parameters()));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 1000);
  std::vector<float> squares = values;
  for (float& value : squares) value = 0.5F + value;
  state->set_moments(values, squares);
  return state;
}

}  // namespace intr::test

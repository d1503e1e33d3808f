// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/model/initialization.h"
#include "intr/model/parameter_table.h"
#include "intr/weights/checkpoint_file.h"

namespace intr::test {

/// A model that looks at a picture in milliseconds: ResNet-18 without its last stage, D 32, 1 + 2
/// layers, 4 heads.
inline ModelConfig tiny_model(std::int64_t num_classes) {
  ModelConfig config;
  config.backbone = "resnet18";
  config.backbone_stages = 3;
  config.hidden_dim = 32;
  config.nheads = 4;
  config.enc_layers = 1;
  config.dec_layers = 2;
  config.dim_feedforward = 64;
  config.num_classes = num_classes;
  config.image_size = 48;
  return config;
}

/// Writes a checkpoint of a model with fresh weights.
inline void write_model_file(const std::string& path, const ModelConfig& config,
                             const std::vector<std::string>& classes, std::uint64_t seed = 7) {
  const TensorMap tensors = initialize_from_scratch(config, seed);
  Checkpoint checkpoint;
  checkpoint.classes = classes;
  checkpoint.config = {{"model", to_json(config)}};
  for (const ParameterRow& row : parameter_table(config)) {
    const at::Tensor tensor = tensors.at(row.name).detach().contiguous();
    std::vector<float>& values = row.buffer ? checkpoint.frozen : checkpoint.param;
    checkpoint.tensors.push_back({.name = row.name,
                                  .kind = row.buffer ? TensorKind::kBuffer : TensorKind::kTrainable,
                                  .group = row.group,
                                  .shape = row.shape,
                                  .offset = values.size()});
    const float* first = tensor.const_data_ptr<float>();
    values.insert(values.end(), first, first + tensor.numel());
  }
  checkpoint.exp_avg.assign(checkpoint.param.size(), 0);
  checkpoint.exp_avg_sq.assign(checkpoint.param.size(), 0);
  write_checkpoint(path, checkpoint);
}

}  // namespace intr::test

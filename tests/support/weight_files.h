// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "intr/model/parameter_table.h"
#include "intr/weights/hugging_face_names.h"
#include "support/formula.h"
#include "support/safetensors_file.h"

namespace intr::test {

/// A model whose file is small: three stages of ResNet-18, D 32, 2 + 2 layers, F 64.
inline ModelConfig small_file_config(std::int64_t num_classes = 7) {
  ModelConfig config;
  config.backbone = "resnet18";
  config.backbone_stages = 3;
  config.enc_layers = 2;
  config.dec_layers = 2;
  config.hidden_dim = 32;
  config.nheads = 4;
  config.dim_feedforward = 64;
  config.num_classes = num_classes;
  config.image_size = 96;
  return config;
}

/// Every tensor of an INTR, by formula.
inline std::vector<StoredTensor> intr_tensors(const ModelConfig& config) {
  std::vector<StoredTensor> tensors;
  for (const ParameterRow& row : parameter_table(config))
    tensors.push_back(f32_tensor(row.name, row.shape, formula_weight(row.name, row.shape)));
  return tensors;
}

/// The same as a DETR: with its heads in place of the presence vector, and 100 queries.
inline std::vector<StoredTensor> detr_tensors(ModelConfig config) {
  config.num_classes = 100;
  std::vector<StoredTensor> tensors = intr_tensors(config);
  std::erase_if(tensors,
                [](const StoredTensor& t) { return t.name.starts_with("presence_vector."); });
  for (const char* name : {"class_embed.weight", "class_embed.bias", "bbox_embed.layers.0.weight"})
    tensors.push_back(zero_tensor(name, {3}));
  return tensors;
}

/// A DETR under the names of Hugging Face, q, k and v apart.
inline std::vector<StoredTensor> hugging_face_tensors(const std::vector<StoredTensor>& detr) {
  std::vector<StoredTensor> tensors;
  for (const StoredTensor& tensor : detr) {
    const std::vector<RenamedRows> parts = hugging_face_parts(tensor.name, tensor.shape[0]);
    for (const RenamedRows& part : parts) {
      StoredTensor rows{part.name, tensor.type, tensor.shape, {}};
      const std::size_t bytes = tensor.bytes.size() / parts.size();
      rows.shape[0] = part.num_rows;
      rows.bytes = tensor.bytes.substr(static_cast<std::size_t>(part.first_row) * bytes /
                                           static_cast<std::size_t>(part.num_rows),
                                       bytes);
      tensors.push_back(rows);
    }
    if (tensor.name.starts_with("class_embed."))
      tensors.push_back({"class_labels_classifier" + tensor.name.substr(11), tensor.type,
                         tensor.shape, tensor.bytes});
  }
  std::ranges::sort(tensors, {}, &StoredTensor::name);
  return tensors;
}

/// The backbone of a model as torchvision stores it, with its class head.
inline std::vector<StoredTensor> torchvision_tensors(const ModelConfig& config) {
  const std::string body = "backbone.0.body.";
  std::vector<StoredTensor> tensors;
  for (StoredTensor tensor : intr_tensors(config)) {
    if (!tensor.name.starts_with(body)) continue;
    tensor.name.erase(0, body.size());
    tensors.push_back(tensor);
  }
  tensors.push_back({"bn1.num_batches_tracked", "I64", {}, std::string(8, '\0')});
  tensors.push_back(zero_tensor("fc.weight", {2, 3}));
  tensors.push_back(zero_tensor("fc.bias", {2}));
  return tensors;
}

inline void add_prefix(std::vector<StoredTensor>& tensors, const std::string& prefix) {
  for (StoredTensor& tensor : tensors) tensor.name.insert(0, prefix);
}

}  // namespace intr::test

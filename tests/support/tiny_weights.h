// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/weights/checkpoint_file.h"

namespace intr::test {

/// A checkpoint whose tensors bear names of a model, though no model consists of these few: five
/// trained ones, one of them of the backbone, and two that are not. Values are small and all
/// differ.
inline Checkpoint tiny_weights() {
  Checkpoint checkpoint;
  checkpoint.step = 30;
  checkpoint.epoch = 3;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, TensorKind kind,
                       std::uint8_t group) {
    std::vector<float>& array =
        kind == TensorKind::kTrainable ? checkpoint.param : checkpoint.frozen;
    CheckpointTensor tensor{.name = name,
                            .kind = kind,
                            .group = group,
                            .shape = std::move(shape),
                            .offset = array.size()};
    for (std::uint64_t i = 0; i < tensor.num_values(); ++i) {
      const auto number = static_cast<float>(array.size() + 1);
      if (kind == TensorKind::kTrainable) {
        checkpoint.exp_avg.push_back(0.25F * number);
        checkpoint.exp_avg_sq.push_back(0.125F * number);
      }
      array.push_back(kind == TensorKind::kTrainable ? 0.5F * number : -number);
    }
    checkpoint.tensors.push_back(std::move(tensor));
  };
  const std::string encoder = "transformer.encoder.layers.0.self_attn.";
  add(encoder + "in_proj_weight", {6, 2}, TensorKind::kTrainable, 0);
  add(encoder + "in_proj_bias", {6}, TensorKind::kTrainable, 0);
  add("presence_vector.weight", {1, 2}, TensorKind::kTrainable, 0);
  add("query_embed.weight", {3, 2}, TensorKind::kTrainable, 0);
  add("backbone.0.body.conv1.weight", {2, 1, 2, 2}, TensorKind::kFrozen, 1);
  add("backbone.0.body.bn1.running_var", {2}, TensorKind::kBuffer, 1);
  add("backbone.0.body.layer2.0.conv1.weight", {1, 2, 1, 1}, TensorKind::kTrainable, 1);
  checkpoint.classes = {"red", "grün\tund \"blau\"", "%"};
  checkpoint.config = {
      {"model", {{"backbone", "resnet18"}, {"dilation", false}, {"nheads", 2}, {"num_classes", 3}}},
      {"train",
       {{"lr", 5e-5},
        {"lr-backbone", 1e-5},
        {"lr-scheduler", "step"},
        {"lr-drop", 2},
        {"epochs", 10},
        {"min-lr", 1e-6},
        {"warmup-steps", 0},
        {"weight-decay", 1e-6},
        {"no-decay", "none"},
        {"freeze", "stem"}}}};
  checkpoint.sampler = {{"seed", 42}, {"epoch", 3}, {"next_position", 0}};
  checkpoint.schedule = {{"optimizer_steps", 29}, {"skips_in_a_row", 0}};
  checkpoint.history = {{"best_acc1", 71.75}};
  checkpoint.environment = {{"program", "0.1.0"}};
  return checkpoint;
}

}  // namespace intr::test

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "intr/weights/checkpoint_file.h"

namespace intr::test {

/// A small checkpoint of step `step` with three tensors: trainable [2, 3] and [4], a buffer [2].
inline Checkpoint sample_checkpoint(std::int64_t step = 7) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.epoch = 2;
  checkpoint.next_position = 48;
  checkpoint.tensors = {
      {.name = "a.weight", .kind = TensorKind::kTrainable, .group = 0, .shape = {2, 3}},
      {.name = "backbone.b", .kind = TensorKind::kTrainable, .group = 1, .shape = {4}, .offset = 6},
      {.name = "n.running_var", .kind = TensorKind::kBuffer, .group = 1, .shape = {2}}};
  for (int i = 0; i < 10; ++i) {
    checkpoint.param.push_back(0.5F * static_cast<float>(i) + static_cast<float>(step));
    checkpoint.exp_avg.push_back(0.25F * static_cast<float>(i));
    checkpoint.exp_avg_sq.push_back(0.125F * static_cast<float>(i));
  }
  checkpoint.frozen = {1.5F, 2.5F};
  checkpoint.classes = {"red", "grün\tund \"blau\""};
  checkpoint.config = {{"model", {{"backbone", "resnet18"}}}, {"train", {{"lr", 5e-5}}}};
  checkpoint.sampler = {{"seed", 42}, {"batch_size", 48}};
  checkpoint.schedule = {{"skips_in_a_row", 0}};
  checkpoint.history = {{"best_acc1", 71.75}};
  checkpoint.environment = {{"program", "0.1.0"}};
  return checkpoint;
}

}  // namespace intr::test

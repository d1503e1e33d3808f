// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/model/intr.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

/// A model ready to evaluate, with what its checkpoint says of it.
struct LoadedModel {
  ModelConfig config;
  TensorMap tensors;
  std::vector<std::string> classes;
  std::string model_hash;
  std::string path;  ///< the checkpoint file
  std::int64_t step = 0;
};

/// Makes tensors of a checkpoint's values and checks names and shapes against the architecture.
/// @throws DataError naming the first tensor that is missing, left over or of another shape
TensorMap bind_tensors(const ModelConfig& config, const Checkpoint& checkpoint,
                       const std::string& where);

/// Loads what `--model` names: a checkpoint file or a run directory (its best checkpoint). No
/// optimizer state is read.
LoadedModel load_model(const std::string& file_or_run_directory);

/// Refuses a data set whose class list is not the model's. @throws DataError showing the first
/// difference
void require_same_classes(const LoadedModel& model, const std::vector<std::string>& classes,
                          const std::string& set);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/model/intr.h"
#include "intr/model/weight_import.h"

namespace intr {

/// A model ready to evaluate, with what its weight file says of it.
struct LoadedModel {
  ModelConfig config;
  TensorMap tensors;
  std::vector<std::string> classes;  ///< names; empty if the file has none
  std::string model_hash;
  std::string path;  ///< the weight file
  std::int64_t step = 0;
};

/// Loads what `--model` names: a weight file of any format, or a run directory (its best
/// checkpoint). No optimizer state is read.
/// @throws DataError if it holds no INTR, or not all of one; UsageError if an option contradicts it
LoadedModel load_model(const std::string& file_or_run_directory, const ModelRequest& request = {});

/// Refuses a data set whose class list is not the model's. A model without names takes the set's.
/// @throws DataError showing the first difference
void settle_classes(LoadedModel& model, const std::vector<std::string>& classes,
                    const std::string& set);

/// XXH3-128 over (name, shape, bytes) of all tensors, sorted by name: says which weights made a
/// result, whatever file they came from.
std::string model_hash(const TensorMap& tensors);

}  // namespace intr

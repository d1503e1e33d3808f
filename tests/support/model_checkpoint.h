// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/model/parameter_table.h"
#include "intr/weights/checkpoint_file.h"
#include "support/formula.h"

namespace intr::test {

/// The checkpoint of a model whose weights follow the formula. Moments follow it, too, as if 12
/// updates had been made; classes are "class 0", "class 1", …
/// @param freeze what was not trained
inline Checkpoint model_checkpoint(const ModelConfig& config, const std::string& freeze = "stem") {
  Checkpoint checkpoint;
  checkpoint.step = 12;
  const auto append = [](std::vector<float>& array, const std::vector<float>& values) {
    array.insert(array.end(), values.begin(), values.end());
  };
  for (const ParameterRow& row : parameter_table(config)) {
    CheckpointTensor stored;
    stored.name = row.name;
    stored.group = row.group;
    stored.shape = row.shape;
    stored.kind = row.buffer                    ? TensorKind::kBuffer
                  : is_frozen(row.name, freeze) ? TensorKind::kFrozen
                                                : TensorKind::kTrainable;
    const bool trained = stored.kind == TensorKind::kTrainable;
    std::vector<float>& values = trained ? checkpoint.param : checkpoint.frozen;
    stored.offset = values.size();
    append(values, formula_weight(row.name, row.shape));
    if (trained) {
      append(checkpoint.exp_avg, formula_weight(row.name + ".exp_avg", row.shape));
      std::vector<float> squares = formula_weight(row.name + ".exp_avg_sq", row.shape);
      for (float& value : squares) value *= value;
      append(checkpoint.exp_avg_sq, squares);
    }
    checkpoint.tensors.push_back(stored);
  }
  for (std::int64_t i = 0; i < config.num_classes; ++i)
    checkpoint.classes.push_back("class " + std::to_string(i));
  checkpoint.config = {{"model", to_json(config)}};
  checkpoint.schedule = {{"optimizer_steps", 12}};
  return checkpoint;
}

}  // namespace intr::test

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/weight_binding.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

constexpr const char* kOtherModel =
    "use the model that belongs to this configuration, or start a new run";

at::Tensor copy_values(const CheckpointTensor& stored, const float* values) {
  at::Tensor tensor = at::empty(stored.shape, at::kFloat);
  std::copy_n(values, tensor.numel(), tensor.data_ptr<float>());
  return tensor;
}

/// A tensor that the file has beyond those of the table.
void refuse_leftovers(const std::vector<ParameterRow>& table, const Checkpoint& checkpoint,
                      const std::string& where) {
  std::set<std::string> known;
  for (const ParameterRow& row : table) known.insert(row.name);
  for (const CheckpointTensor& stored : checkpoint.tensors)
    if (!known.contains(stored.name))
      throw DataError(fmt::format("the tensor {} belongs to no part of this model", stored.name),
                      where, kOtherModel);
}

}  // namespace

TensorMap bind_tensors(const ModelConfig& config, const Checkpoint& checkpoint,
                       const std::string& where) {
  const std::vector<ParameterRow> table = parameter_table(config);
  TensorMap tensors;
  for (const ParameterRow& row : table) {
    const CheckpointTensor* stored = checkpoint.find(row.name);
    if (stored == nullptr)
      throw DataError(fmt::format("the tensor {} is missing", row.name), where, kOtherModel);
    if (stored->shape != row.shape)
      throw DataError(
          fmt::format("the tensor {} has the shape [{}], this model needs [{}]", row.name,
                      fmt::join(stored->shape, ", "), fmt::join(row.shape, ", ")),
          where, kOtherModel);
    tensors.emplace(row.name, copy_values(*stored, checkpoint.values(*stored)));
  }
  refuse_leftovers(table, checkpoint, where);
  return tensors;
}

LoadedModel load_model(const std::string& file_or_run_directory) {
  LoadedModel model;
  model.path = find_checkpoint(file_or_run_directory);
  const Checkpoint checkpoint = read_checkpoint(model.path, false);
  model.config = model_config_from_json(
      json_member<nlohmann::ordered_json>(checkpoint.config, "model", model.path), model.path);
  model.classes = checkpoint.classes;
  if (static_cast<std::int64_t>(model.classes.size()) != model.config.num_classes)
    throw DataError(fmt::format("names {} classes for a model of {}", model.classes.size(),
                                model.config.num_classes),
                    model.path);
  model.tensors = bind_tensors(model.config, checkpoint, model.path);
  model.model_hash = model_hash(checkpoint);
  model.step = checkpoint.step;
  return model;
}

void require_same_classes(const LoadedModel& model, const std::vector<std::string>& classes,
                          const std::string& set) {
  const char* next = "use the packed set that the model was trained on, or another --model";
  if (classes.size() != model.classes.size())
    throw DataError(fmt::format("has {} classes, the model {} has {}", classes.size(), model.path,
                                model.classes.size()),
                    set, next);
  const auto [ours, theirs] =
      std::mismatch(model.classes.begin(), model.classes.end(), classes.begin());
  if (ours != model.classes.end())
    throw DataError(fmt::format("class {} is '{}', in the model {} it is '{}'",
                                ours - model.classes.begin(), *theirs, model.path, *ours),
                    set, next);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/weight_binding.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {
namespace {

void require_intr(const WeightFile& file, const NamedWeights& weights) {
  if (weights.find("presence_vector.weight") != nullptr) return;
  throw DataError(
      fmt::format("holds no INTR: it has no presence vector (family {})", name_of(weights.family)),
      file.path(), "train one from it: intr-train --finetune FILE");
}

TensorMap read_tensors(const WeightImport& import) {
  TensorMap tensors;
  for (std::size_t row = 0; row < import.rows().size(); ++row) {
    at::Tensor tensor = at::empty(import.rows()[row].shape, at::kFloat);
    import.values(row, {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())});
    tensors.emplace(import.rows()[row].name, std::move(tensor));
  }
  return tensors;
}

}  // namespace

LoadedModel load_model(const std::string& file_or_run_directory, const ModelRequest& request) {
  const WeightFile file(find_checkpoint(file_or_run_directory));
  const NamedWeights weights = name_weights(file);
  require_intr(file, weights);
  ResolvedModel resolved = resolve_model(file, weights, request);
  if (!resolved.classes.empty() &&
      static_cast<std::int64_t>(resolved.classes.size()) != resolved.config.num_classes)
    throw DataError(fmt::format("names {} classes for a model of {}", resolved.classes.size(),
                                resolved.config.num_classes),
                    file.path());
  for (const std::string& source : resolved.sources) log::info("{}: {}", file.path(), source);
  LoadedModel model;
  model.config = resolved.config;
  model.tensors = read_tensors(WeightImport(file, weights, resolved.config, {}));
  model.classes = std::move(resolved.classes);
  model.model_hash = model_hash(model.tensors);
  model.path = file.path();
  model.step = resolved.step;
  return model;
}

void settle_classes(LoadedModel& model, const std::vector<std::string>& classes,
                    const std::string& set) {
  const char* next = "use the packed set that the model was trained on, or another --model";
  if (static_cast<std::int64_t>(classes.size()) != model.config.num_classes)
    throw DataError(fmt::format("has {} classes, the model {} has {}", classes.size(), model.path,
                                model.config.num_classes),
                    set, next);
  if (model.classes.empty()) {
    log::warning("{} names no classes: taking those of {} in their order", model.path, set);
    model.classes = classes;
    return;
  }
  const auto [ours, theirs] =
      std::mismatch(model.classes.begin(), model.classes.end(), classes.begin());
  if (ours != model.classes.end())
    throw DataError(fmt::format("class {} is '{}', in the model {} it is '{}'",
                                ours - model.classes.begin(), *theirs, model.path, *ours),
                    set, next);
}

std::string model_hash(const TensorMap& tensors) {
  const std::map<std::string, at::Tensor> sorted(tensors.begin(), tensors.end());
  Hash128 hash;
  for (const auto& [name, tensor] : sorted) {
    hash.add(std::string_view(name)).add(static_cast<std::uint64_t>(tensor.dim()));
    for (const std::int64_t extent : tensor.sizes()) hash.add(static_cast<std::uint64_t>(extent));
    const at::Tensor values = tensor.cpu().contiguous();
    hash.add(std::as_bytes(
        std::span(values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel()))));
  }
  return hash.hex();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/weight_start.h"

#include <ATen/ops/empty.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/io/json_file.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// Optimizer updates that made a file's moments: the same number in every tensor's state.
std::int64_t optimizer_steps(const WeightFile& file) {
  if (file.format() == WeightFormat::checkpoint)
    return json_member<std::int64_t>(Json::parse(file.metadata().at("schedule")), "optimizer_steps",
                                     file.path());
  const std::string name = "optimizer/state/0/step";
  if (const TensorEntry* step = file.find(name)) {
    std::vector<float> value(1);
    if (step->num_values() == 1) {
      file.read_f32(*step, value);
      return static_cast<std::int64_t>(value[0]);
    }
  }
  std::int64_t steps = -1;  // torch before 1.12 kept a plain integer
  file.for_each_value([&](const std::string& path, const Value& value) {
    if (path == name && value.kind() == Value::Kind::integer) steps = value.as_integer();
  });
  if (steps >= 0) return steps;
  throw DataError("it has no state of an optimizer", file.path(), "leave --import-optimizer out");
}

}  // namespace

struct WeightStart::Parts {
  bool backbone_only;
  WeightFile file;
  NamedWeights weights;
  ResolvedModel model;
  WeightImport plan;

  Parts(const TrainOptions& options, const GivenOptions& given,
        const std::vector<std::string>& classes)
      : backbone_only(options.finetune.empty()),
        file(find_checkpoint(backbone_only ? options.backbone_weights : options.finetune)),
        weights(name_weights(file)),
        model(backbone_only
                  ? ResolvedModel{.config = options.model}
                  : resolve_model(file, weights,
                                  {.options = options.model,
                                   .num_classes = static_cast<std::int64_t>(classes.size()),
                                   .given = given.given})),
        plan(file, weights, model.config,
             {.query_init = options.query_init,
              .noise_frac = options.noise_frac,
              .seed = static_cast<std::uint64_t>(options.seed),
              .classes = classes,
              .file_classes = model.classes,
              .backbone_only = backbone_only}) {}
};

WeightStart::WeightStart(const TrainOptions& options, const GivenOptions& given,
                         const std::vector<std::string>& classes)
    : parts_(std::make_unique<Parts>(options, given, classes)) {}
WeightStart::~WeightStart() = default;

const ModelConfig& WeightStart::config() const noexcept { return parts_->model.config; }

void WeightStart::fill(TensorMap& tensors) const {
  const WeightImport& plan = parts_->plan;
  for (std::size_t row = 0; row < plan.rows().size(); ++row) {
    if (!plan.covers(row)) continue;
    at::Tensor tensor = at::empty(plan.rows()[row].shape, at::kFloat);
    plan.values(row, {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())});
    tensors[plan.rows()[row].name] = tensor;
  }
}

ImportedMoments WeightStart::moments(const std::vector<FlatEntry>& entries) const {
  const WeightFile& file = parts_->file;
  ImportedMoments moments{.steps = optimizer_steps(file)};
  std::size_t trained = 0;
  while (file.find(fmt::format("optimizer/state/{}/exp_avg", trained)) != nullptr) ++trained;
  if (trained != entries.size())
    throw DataError(fmt::format("its optimizer trained {} tensors, this run trains {}", trained,
                                entries.size()),
                    file.path(),
                    "choose --freeze as it was there (none, stem or backbone), or leave "
                    "--import-optimizer out");
  const auto append = [&](std::size_t index, const FlatEntry& entry, const char* moment,
                          std::vector<float>& values) {
    const std::string name = fmt::format("optimizer/state/{}/{}", index, moment);
    const TensorEntry* stored = file.find(name);
    if (stored == nullptr || stored->shape != entry.shape)
      throw DataError(
          fmt::format("{} is {}, {} has the shape [{}]", name,
                      stored == nullptr
                          ? std::string("missing")
                          : fmt::format("of the shape [{}]", fmt::join(stored->shape, ", ")),
                      entry.name, fmt::join(entry.shape, ", ")),
          file.path(),
          "leave --import-optimizer out, or train the tensors and classes of that file");
    const std::size_t before = values.size();
    values.resize(before + static_cast<std::size_t>(stored->num_values()));
    file.read_f32(*stored, std::span(values).subspan(before));
  };
  for (std::size_t i = 0; i < entries.size(); ++i) {
    append(i, entries[i], "exp_avg", moments.exp_avg);
    append(i, entries[i], "exp_avg_sq", moments.exp_avg_sq);
  }
  return moments;
}

Json WeightStart::report() const {
  Json report = parts_->plan.report();
  report["decided"] = parts_->model.sources;
  return report;
}

void WeightStart::show() const {
  log::info("starting from {} ({}, family {})", parts_->file.path(), name_of(parts_->file.format()),
            name_of(parts_->weights.family));
  for (const std::string& source : parts_->model.sources) log::info("  {}", source);
  for (const std::string& line : parts_->plan.lines()) log::info("  {}", line);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/weight_import.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "counted_draws.h"
#include "intr/core/error.h"
#include "intr/core/printable.h"
#include "intr/model/architecture.h"
#include "query_start.h"

namespace intr {
namespace {

constexpr const char* kQueries = "query_embed.weight";

/// How the presence vector starts where a file has none: Glorot and Bengio 2010, eq. 16, its bias
/// at 0.
InitialValues presence_start(const ParameterRow& row) {
  InitialValues start;
  start.draws_of = row.initial.draws_of;
  if (row.shape.size() < 2) return start;
  start.kind = InitialValues::Kind::kUniform;
  start.scale = std::sqrt(6.0 / static_cast<double>(row.shape[0] + row.shape[1]));
  return start;
}

std::string text_of(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

}  // namespace

WeightImport::WeightImport(const WeightFile& file, const NamedWeights& weights,
                           const ModelConfig& config, const ImportOptions& options)
    : file_(file),
      weights_(weights),
      options_(options),
      queries_per_class_(config.queries_per_class),
      rows_(parameter_table(config)) {
  if (options.backbone_only) check_backbone_file(config);
  const bool presence_is_new = std::ranges::none_of(weights.tensors, [](const NamedTensor& tensor) {
    return tensor.name.starts_with("presence_vector.");
  });
  for (const ParameterRow& row : rows_) sources_.push_back(plan_row(row, presence_is_new));
  plan_leftovers();
  if (faults_.empty()) return;
  throw DataError(fmt::format("{} {} the model: {}", faults_.size(),
                              faults_.size() == 1 ? "key does not fit" : "keys do not fit",
                              fmt::join(faults_, "; ")),
                  file.path(),
                  "use a file of the same architecture; intr-weights inspect shows what it holds");
}

void WeightImport::check_backbone_file(const ModelConfig& config) const {
  if (weights_.family != WeightFamily::torchvision_resnet)
    throw DataError(
        fmt::format("is of the family {}, not a ResNet of torchvision", name_of(weights_.family)),
        file_.path(), "start from it with --finetune, or leave --backbone-weights out");
  const std::string found = architecture_of(weights_, file_.path())->backbone;
  if (found != config.backbone)
    throw UsageError(
        fmt::format("--backbone {}, but {} has {}", config.backbone, file_.path(), found), "",
        "use --backbone " + found);
}

WeightImport::Source WeightImport::plan_row(const ParameterRow& row, bool presence_is_new) {
  if (options_.backbone_only && !row.name.starts_with("backbone.0.")) return {.covered = false};
  if (presence_is_new && row.name.starts_with("presence_vector.")) {
    const double half_width = presence_start(row).scale;
    return {.how = half_width > 0 ? fmt::format("Xavier-uniform, ±{:.4f}", half_width) : "0"};
  }
  const NamedTensor* stored = weights_.find(row.name);
  if (stored == nullptr) {
    faults_.push_back(quoted_name(row.name) + ": missing");
    return {};
  }
  if (!is_floating(stored->type)) {
    faults_.push_back(fmt::format("{}: holds {} values, not floating-point ones",
                                  quoted_name(row.name), name_of(stored->type)));
    return {};
  }
  if (row.name == kQueries && stored->shape.size() == 2 && stored->shape[0] > 0 &&
      stored->shape[1] == row.shape[1])
    return plan_queries(row, *stored);
  if (stored->shape != row.shape)
    faults_.push_back(fmt::format("{}: shape mismatch (file {}, model {})", quoted_name(row.name),
                                  text_of(stored->shape), text_of(row.shape)));
  return {.tensor = stored};
}

WeightImport::Source WeightImport::plan_queries(const ParameterRow& row,
                                                const NamedTensor& stored) {
  const QueryStart start(row, stored.shape[0], queries_per_class_, options_, file_.path());
  return {.tensor = &stored, .how = start.how()};
}

void WeightImport::plan_leftovers() {
  std::set<std::string_view> known;
  for (const ParameterRow& row : rows_) known.insert(row.name);
  for (const NamedTensor& tensor : weights_.tensors) {
    if (known.contains(tensor.name)) continue;
    if (options_.backbone_only && tensor.name.starts_with("backbone.0.body.layer4."))
      dropped_.push_back({tensor.name, "the model ends after layer 3"});
    else
      faults_.push_back(quoted_name(tensor.name) + ": no part of this model");
  }
}

bool WeightImport::covers(std::size_t row) const { return sources_.at(row).covered; }

void WeightImport::values(std::size_t row, std::span<float> out) const {
  const ParameterRow& wanted = rows_.at(row);
  const Source& source = sources_[row];
  if (!source.covered || out.size() != static_cast<std::size_t>(wanted.num_values()))
    throw InternalError("values of a row that the import does not give so", wanted.name);
  if (source.tensor == nullptr) {
    const InitialValues start = presence_start(wanted);
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = initial_value(start, options_.seed, static_cast<std::int64_t>(i));
    return;
  }
  if (source.how.empty()) return read_f32(file_, *source.tensor, out);
  std::vector<float> stored(static_cast<std::size_t>(source.tensor->num_values()));
  read_f32(file_, *source.tensor, stored);
  QueryStart(wanted, source.tensor->shape[0], queries_per_class_, options_, file_.path())
      .fill(stored, out);
}

}  // namespace intr

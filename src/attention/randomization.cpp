// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/randomization.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <utility>

#include "intr/core/error.h"
#include "intr/core/philox.h"
#include "intr/model/initialization.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

/// A stage's name and how the names of its tensors begin.
struct StageRule {
  std::string name;
  std::vector<std::string> prefixes;
};

std::vector<StageRule> rules_of(const ModelConfig& config) {
  std::vector<StageRule> rules = {{"presence vector", {"presence_vector."}},
                                  {"query embedding", {"query_embed."}}};
  const auto layers = [&](const char* stack, std::int64_t count, bool closing_norm) {
    for (std::int64_t layer = count - 1; layer >= 0; --layer) {
      StageRule rule{fmt::format("{} layer {}", stack, layer),
                     {fmt::format("transformer.{}.layers.{}.", stack, layer)}};
      // The norm behind the last layer goes with it.
      if (closing_norm && layer == count - 1)
        rule.prefixes.push_back(fmt::format("transformer.{}.norm.", stack));
      rules.push_back(std::move(rule));
    }
  };
  layers("decoder", config.dec_layers, true);
  layers("encoder", config.enc_layers, config.pre_norm);
  // Learned positions, where there are some, come in with the projected features.
  rules.push_back({"input projection", {"input_proj.", "backbone.1."}});
  for (std::int64_t stage = config.backbone_stages; stage >= 1; --stage)
    rules.push_back({fmt::format("backbone stage {}", stage),
                     {fmt::format("backbone.0.body.layer{}.", stage)}});
  rules.push_back({"stem", {"backbone.0.body.conv1.", "backbone.0.body.bn1."}});
  return rules;
}

TensorMap copies_of(const TensorMap& tensors) {
  TensorMap copies;
  for (const auto& [name, tensor] : tensors) copies.emplace(name, tensor.detach().clone());
  return copies;
}

}  // namespace

std::vector<RandomStage> randomization_stages(const ModelConfig& config) {
  std::vector<RandomStage> stages;
  std::size_t placed = 0;
  const std::vector<ParameterRow> table = parameter_table(config);
  for (const StageRule& rule : rules_of(config)) {
    RandomStage stage{rule.name, {}};
    for (const ParameterRow& row : table)
      for (const std::string& prefix : rule.prefixes)
        if (row.name.starts_with(prefix)) stage.tensors.push_back(row.name);
    placed += stage.tensors.size();
    stages.push_back(std::move(stage));
  }
  if (placed != table.size()) throw InternalError("a tensor that belongs to no stage");
  return stages;
}

RandomizedModel::RandomizedModel(const Intr& model, at::ScalarType products, std::uint64_t seed)
    : original_(model),
      stages_(randomization_stages(model.config())),
      random_(initialize_from_scratch(model.config(),
                                      draw_bits(seed, Purpose::kScoreWeights, 0, 0, 0))),
      tensors_(copies_of(model.tensors())),
      copy_(model.config(), tensors_, products) {}

void RandomizedModel::randomize_next() {
  overwrite(stages_.at(next_), random_);
  ++next_;
}

void RandomizedModel::restore() {
  for (std::size_t stage = 0; stage < next_; ++stage)
    overwrite(stages_[stage], original_.tensors());
  next_ = 0;
}

void RandomizedModel::overwrite(const RandomStage& stage, const TensorMap& by) {
  const at::NoGradGuard no_grad;
  bool folded = false;  // the backbone holds products of its tensors
  for (const std::string& name : stage.tensors) {
    tensors_.at(name).copy_(by.at(name));
    folded = folded || name.starts_with("backbone.0.");
  }
  if (folded) copy_.refresh_frozen();
}

}  // namespace intr

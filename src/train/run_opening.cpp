// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_opening.h"

#include "intr/core/log.h"
#include "intr/io/json_file.h"
#include "intr/train/first_weights.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// The values that a run starts with which goes on from no checkpoint.
TensorMap start_values(const TrainOptions& options, const DataIndex& train,
                       const ShardReader& reader, const WeightStart* weights) {
  // Norms that come from a file are not measured again.
  const bool calibrated = weights == nullptr && options.init_choice() == "calibrated";
  TensorMap tensors = first_weights(options.model, train, reader,
                                    {.init = calibrated ? "calibrated" : "plain",
                                     .seed = static_cast<std::uint64_t>(options.seed),
                                     .calibrate_images = options.calibrate_images,
                                     .transform = options.val_transform()});
  if (weights != nullptr) weights->fill(tensors);
  return tensors;
}

}  // namespace

RunOpening::RunOpening(const TrainOptions& options, const GivenOptions& given,
                       const std::vector<std::string>& classes)
    : files(options), start(load_start(options, files.store)) {
  log::set_file(options.out + "/train.log");
  const bool from_file = !options.finetune.empty() || !options.backbone_weights.empty();
  if (!from_file) return;
  if (start.checkpoint)
    log::info("{} holds a checkpoint, which wins: --{} is not read", options.out,
              options.finetune.empty() ? "backbone-weights" : "finetune");
  else
    weights = std::make_unique<WeightStart>(options, given, classes);
}

ModelConfig RunOpening::model(const TrainOptions& options, const GivenOptions& given) const {
  if (weights) return weights->config();
  if (options.finetune.empty() || !start.checkpoint) return options.model;
  const Json saved = json_member<Json>(start.checkpoint->config, "model", start.path);
  Json model = to_json(options.model);
  for (auto& [name, value] : model.items()) {
    const bool decided = name == "num_classes" || (given.given && given.given(flag_of(name)));
    if (!decided && saved.contains(name)) value = saved.at(name);
  }
  return model_config_from_json(model, start.path);
}

void RunOpening::record(const TrainOptions& options, const Checkpoint& identity,
                        const Json& config) {
  settle_start(options, identity, files, start);
  files.directory.write_config(config);
  if (!weights) return;
  weights->show();
  files.directory.write_import(weights->report());
}

void RunOpening::fill(const TrainOptions& options, const DataIndex& train,
                      const ShardReader& reader, TrainingState& state) {
  if (start.checkpoint) {
    state.set_checkpoint(*start.checkpoint, start.path);
    log::info("going on from {} (step {}, epoch {}, {} of its images done)", start.path,
              start.state.cursor.step, start.state.cursor.epoch + 1,
              start.state.cursor.next_position);
    return;
  }
  state.set_tensors(start_values(options, train, reader, weights.get()));
  if (!options.import_optimizer) return;
  const ImportedMoments moments = weights->moments(state.flat().entries());
  state.set_moments(moments.exp_avg, moments.exp_avg_sq);
  start.state.optimizer_steps = moments.steps;
  log::info("the optimizer goes on from {} updates of that file", moments.steps);
}

}  // namespace intr

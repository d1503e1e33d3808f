// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/loader_state.h"
#include "intr/train/train_options.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

/// Options that name places of this machine: not part of what a run is.
inline constexpr std::array kPathOptions = {
    "data", "out", "resume", "finetune", "backbone-weights", "comm-profile", "trace"};

/// What `--allow-change` may name.
inline constexpr std::array kChangeNames = {
    "augmentation", "batch-size", "bucket-window", "data", "last-batch",
    "model",        "order",      "precision",     "seed", "virtual-shards"};

/// Fills what says which run a checkpoint belongs to: classes, config and sampler (without the
/// cursor).
/// @param values every option with its value
void describe_run(Checkpoint& checkpoint, const TrainOptions& options,
                  const nlohmann::ordered_json& values, const DataIndex& train);

/// What decides the sequence of training batches, without the rank's place.
LoaderOptions loader_options(const TrainOptions& options);

/// How a run goes on from a checkpoint.
struct Continuation {
  LoaderState place;                 ///< in its data
  std::vector<FieldChange> changes;  ///< that were allowed
};

/// A checkpoint may only be gone on from by the run that it belongs to, but for what is allowed.
/// @param now     what describe_run made of this run
/// @param allowed names of kChangeNames
/// @param where   the checkpoint file
/// @throws EnvironmentError naming every field that differs without being allowed, with both values
Continuation require_same_run(const Checkpoint& saved, const Checkpoint& now,
                              const std::vector<std::string>& allowed, const std::string& where);

/// Options that may change on resume and did: "lr 5e-05 -> 0.0001", … For the log.
std::vector<std::string> changed_options(const Checkpoint& saved, const Checkpoint& now);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "intr/data/data_index.h"
#include "intr/data/loader_state.h"
#include "intr/train/train_options.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

/// Options that name places of this machine: not part of what a run is.
inline constexpr std::array kPathOptions = {
    "data", "out", "resume", "finetune", "backbone-weights", "comm-profile"};

/// Fills what says which run a checkpoint belongs to: classes, config and sampler (without the
/// cursor).
/// @param values every option with its value
void describe_run(Checkpoint& checkpoint, const TrainOptions& options,
                  const nlohmann::ordered_json& values, const DataIndex& train);

/// What decides the sequence of training batches, without the rank's place.
LoaderOptions loader_options(const TrainOptions& options);

/// A checkpoint may only be gone on from by the run that it belongs to.
/// @param now               what describe_run made of this run
/// @param allow_data_change other data, order or augmentation may follow from the next epoch on
/// @param where             the checkpoint file
/// @return where it goes on in its data
/// @throws DataError if the class lists differ, showing the first difference
/// @throws EnvironmentError naming every field that differs, with both values
LoaderState require_same_run(const Checkpoint& saved, const Checkpoint& now, bool allow_data_change,
                             const std::string& where);

/// Options that may change on resume and did: "lr 5e-05 -> 0.0001", … For the log.
std::vector<std::string> changed_options(const Checkpoint& saved, const Checkpoint& now);

}  // namespace intr

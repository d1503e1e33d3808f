// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>

#include "intr/data/data_index.h"
#include "intr/train/train_options.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

/// Options that name places of this machine: not part of what a run is.
inline constexpr std::array kPathOptions = {"data", "out", "resume", "finetune",
                                            "backbone-weights"};

/// Fills what says which run a checkpoint belongs to: classes, config and sampler (without the
/// cursor).
/// @param values every option with its value
void describe_run(Checkpoint& checkpoint, const TrainOptions& options,
                  const nlohmann::ordered_json& values, const DataIndex& train);

/// A checkpoint may only be gone on from by the run that it belongs to.
/// @param now   what describe_run made of this run
/// @param where the checkpoint file
/// @throws DataError if the class lists differ, showing the first difference
/// @throws EnvironmentError naming every field that differs, with both values
void require_same_run(const Checkpoint& saved, const Checkpoint& now, const std::string& where);

/// Options that may change on resume and did: "lr 5e-05 -> 0.0001", … For the log.
std::vector<std::string> changed_options(const Checkpoint& saved, const Checkpoint& now);

}  // namespace intr

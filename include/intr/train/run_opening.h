// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"
#include "intr/train/run_start.h"
#include "intr/train/training_state.h"
#include "intr/train/weight_start.h"

namespace intr {

/// Rank 0's part of a run's start: the run directory, the checkpoint that the run goes on from, or
/// else the weight file that it starts from.
struct RunOpening {
  RunFiles files;
  RunStart start;
  std::unique_ptr<WeightStart> weights;  ///< nothing if a checkpoint wins or no file was given

  /// @param classes of the data
  RunOpening(const TrainOptions& options, const GivenOptions& given,
             const std::vector<std::string>& classes);

  /// The model of the run: the weight file's; of a run that started from one, its checkpoint's, but
  /// for what the user gave; else the options'.
  ModelConfig model(const TrainOptions& options, const GivenOptions& given) const;
  /// Writes what the run is and where it starts, once both are settled.
  /// @param identity what describe_run made of this run @param config for config.json
  void record(const TrainOptions& options, const Checkpoint& identity,
              const nlohmann::ordered_json& config);
  /// Puts the values that the run starts with into its tensors, and the state of its optimizer.
  void fill(const TrainOptions& options, const DataIndex& train, const ShardReader& reader,
            TrainingState& state);
};

}  // namespace intr

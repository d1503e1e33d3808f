// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/comm/flat_state.h"
#include "intr/model/intr.h"
#include "intr/model/weight_import.h"
#include "intr/train/train_options.h"

namespace intr {

/// Moments of an optimizer in logical order, and how many updates made them.
struct ImportedMoments {
  std::vector<float> exp_avg = {}, exp_avg_sq = {};
  std::int64_t steps = 0;
};

/// The weight file that a run starts from, on the one rank that reads it: what `--finetune` or
/// `--backbone-weights` names. Everything that can be wrong is found at construction, before a
/// model is made.
class WeightStart {
 public:
  /// @param classes of the data
  /// @throws DataError if the file does not fit, UsageError if an option contradicts it
  WeightStart(const TrainOptions& options, const GivenOptions& given,
              const std::vector<std::string>& classes);
  ~WeightStart();

  /// The model that the run trains: the file's with `--finetune`, the options' otherwise.
  const ModelConfig& config() const noexcept;
  /// Replaces the initial values of what the file covers. @param tensors every row of the table
  void fill(TensorMap& tensors) const;
  /// The optimizer's state of the file. @param entries the trained tensors
  /// @throws DataError if it is missing or of other tensors
  ImportedMoments moments(const std::vector<FlatEntry>& entries) const;

  /// What became of each key, for import.json.
  nlohmann::ordered_json report() const;
  /// Says in the log where the run starts.
  void show() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace intr

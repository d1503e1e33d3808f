// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/comm/communicator.h"
#include "intr/comm/flat_state.h"
#include "intr/model/intr.h"
#include "intr/model/parameter_table.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

/// Which tensors train and how.
struct TrainableOptions {
  std::string freeze = "none";  ///< none, stem or backbone
  bool decay_norm_bias = true;  ///< weight decay on biases, norms and 1-d tensors, too
};

/// The trainable tensors of a model, in the order of files.
std::vector<ParameterRow> trainable_parameters(const ModelConfig& config,
                                               const TrainableOptions& options);

/// The model under training: trainable tensors and their moments in one flat state, frozen ones and
/// buffers beside it. The trainable set is fixed at construction.
class TrainingState {
 public:
  /// Everything is zero until values are set.
  /// @param plan of the gradients' buckets, see settle_bucket_plan() @param products see Intr
  TrainingState(const ModelConfig& config, const TrainableOptions& options, at::Device device,
                BucketPlan plan = {}, at::ScalarType products = at::kFloat);

  FlatState& flat() noexcept { return flat_; }
  const FlatState& flat() const noexcept { return flat_; }
  const Intr& model() const noexcept { return model_; }
  at::Device device() const noexcept { return flat_.param().device(); }
  /// Values of trainable tensors.
  std::int64_t num_parameters() const noexcept { return flat_.num_values(); }

  /// Takes initial values; moments stay zero. @param tensors every row of the parameter table
  void set_tensors(const TensorMap& tensors);
  /// Takes the optimizer's moments. @param exp_avg, exp_avg_sq num_parameters() values each, in
  /// logical order
  void set_moments(const std::vector<float>& exp_avg, const std::vector<float>& exp_avg_sq);
  /// Takes all values and moments of a checkpoint of this architecture and trainable set.
  /// @throws EnvironmentError naming the first tensor that differs
  void set_checkpoint(const Checkpoint& checkpoint, const std::string& where);
  /// Fills in a checkpoint's index and frozen values, which stay the same through a run.
  void describe(Checkpoint& checkpoint) const;
  /// Copies all values and moments into a checkpoint.
  void snapshot(Checkpoint& checkpoint) const;
  /// Collective: rank 0's values and moments go to every rank, which then compare their hashes.
  void broadcast(Communicator& communicator);
  /// XXH3-64 over the parameters' hash and all frozen values.
  std::uint64_t hash() const;

 private:
  std::vector<float> frozen_values() const;
  void set_frozen_values(const std::vector<float>& values);

  std::vector<ParameterRow> rows_;
  std::vector<bool> trainable_;  ///< of each row
  FlatState flat_;
  TensorMap frozen_;
  Intr model_;
};

}  // namespace intr

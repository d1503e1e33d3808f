// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "intr/comm/watched_communicator.h"
#include "intr/train/optimizer.h"
#include "intr/train/trainer.h"
#include "intr/train/training_state.h"
#include "replayed_batches.h"

namespace intr {

/// What a round of steps took, in seconds.
struct StepRound {
  double seconds = 0;            ///< of the slowest rank
  double cpu_s = 0;              ///< processor time of all threads of this rank
  std::int64_t images = 0;       ///< of all ranks
  StepTimes phases;              ///< of this rank
  double peak_gpu_mb = 0;        ///< of tensors, so far, in MB of 2^20 bytes; 0 on a CPU
  std::vector<double> steps_ms;  ///< of this rank, each
  nlohmann::ordered_json json() const;
};

/// Training steps over replayed batches, one pass after the other, of a model with bench_weights().
class StepRounds {
 public:
  /// @param communicator must outlive this
  StepRounds(const ModelConfig& model, BucketPlan plan, const std::vector<BatchShape>& shapes,
             at::Device device, at::ScalarType products, Communicator& communicator);

  /// Collective. As intr-train does it: trainer, reducer, watched messages.
  StepRound trained();
  /// Collective, but without messages in a step: model, loss, backward pass, clip and optimizer
  /// alone.
  StepRound bare();
  /// Collective. Seconds for adding up all buckets over the ranks with nothing beside it.
  double sums_alone();
  /// Collective. @throws ReplicaError if the ranks' parameters differ
  void require_equal_ranks();

  const ReplayedBatches& batches() const noexcept { return batches_; }
  const TrainingState& state() const noexcept { return state_; }

 private:
  StepTimes bare_step(const MicroBatch& batch);
  template <class Step>
  StepRound round(const Step& step);

  Communicator& communicator_;
  WatchedSections sections_;
  WatchedCommunicator watched_;
  ReplayedBatches batches_;
  TrainingState state_;
  Optimizer optimizer_;
};

}  // namespace intr

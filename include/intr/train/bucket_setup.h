// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "intr/comm/communicator.h"
#include "intr/train/bucket_choice.h"
#include "intr/train/training_state.h"

namespace intr {

/// Trainable tensors in the order in which a backward pass finishes their gradients: seen in one
/// pass over a small picture. @throws InternalError naming a tensor that it does not reach
std::vector<std::uint32_t> observe_backward_order(const ModelConfig& config,
                                                  const TrainableOptions& options);

/// Median seconds of backward passes over a picture that is all black, after one to warm up.
double measure_backward(const ModelConfig& config, const TrainableOptions& options,
                        ImageSize picture, int passes);

/// Order and bytes of the trainable tensors.
GradientTensors gradient_tensors(const ModelConfig& config, const TrainableOptions& options);

/// What the user says about buckets.
struct BucketWish {
  std::int64_t most_mb = 0;  ///< size of buckets, MiB; 0 = not given
  /// Result of intr-bench comm that chooses it otherwise; empty = none: what suits the back end.
  std::string profile = {};
  /// Of one rank, at most: those of a step, and of its last micro-batch.
  std::int64_t pictures = 1, last_pass = 1;
};

/// Collective: the run's bucket plan, the same on every rank.
/// @param stored on rank 0 the plan of the checkpoint that the run goes on from; nothing: rank 0
/// makes one
/// @throws DataError on rank 0 if the profile is asked and is none
BucketPlan settle_bucket_plan(const std::optional<BucketPlan>& stored, const ModelConfig& config,
                              const TrainableOptions& options, const BucketWish& wish,
                              Communicator& communicator);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "intr/comm/bucket_plan.h"
#include "intr/comm/communicator.h"
#include "intr/train/training_state.h"

namespace intr {

/// Trainable tensors in the order in which a backward pass finishes their gradients: seen in one
/// pass over a small picture. @throws InternalError naming a tensor that it does not reach
std::vector<std::uint32_t> observe_backward_order(const ModelConfig& config,
                                                  const TrainableOptions& options);

/// Collective: the run's bucket plan, the same on every rank.
/// @param stored on rank 0 the plan of the checkpoint that the run goes on from; nothing: rank 0
/// makes one
/// @param most_mb size of buckets, MiB; 0 = what suits the back end
BucketPlan settle_bucket_plan(const std::optional<BucketPlan>& stored, const ModelConfig& config,
                              const TrainableOptions& options, std::int64_t most_mb,
                              Communicator& communicator);

}  // namespace intr

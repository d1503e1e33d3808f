// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/train/train_options.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {

// Virtual shards (--virtual-shards V): a step is cut into V slices, each with padding and dropout
// of its own, whose gradients and sums are added along one binary tree. So training has the same
// bits on 1, 2, 4, ... or V ranks. V = 0: off.

/// What can be said of the options alone. @throws UsageError naming the option
void validate_virtual_shards(const TrainOptions& options);

/// @throws EnvironmentError listing the numbers of ranks that are legal if this one is not
void require_legal_ranks(std::int64_t virtual_shards, int world_size);

/// Shards that each rank computes in a step; 1 without virtual shards.
std::int64_t shards_of_rank(std::int64_t virtual_shards, int world_size) noexcept;

/// For the start-up table: ", in 8 virtual shards", or nothing.
std::string shown_shards(std::int64_t virtual_shards);

/// Says in a run with virtual shards that what decides the last bits was different when the
/// checkpoint was written: LibTorch, the processor's instructions, the number of threads.
void warn_of_other_machine(const Checkpoint& saved, const Checkpoint& now);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "intr/model/intr.h"

namespace intr {

/// All parameters and buffers of a model from nothing: the published initialization, drawn by
/// counter, so that every rank makes the same numbers. Frozen norms are identities.
TensorMap initialize_from_scratch(const ModelConfig& config, std::uint64_t seed);

/// Sets the statistics of the frozen norms of a randomly initialized backbone so that each norm's
/// output has mean 0 and standard deviation 1 on the given pictures, in execution order (spec:
/// `calibrated`).
/// @param batches each [B, 3, H, W] float32, normalized, all pictures of a batch of one size
void calibrate_frozen_norms(const ModelConfig& config, TensorMap& tensors,
                            const std::vector<at::Tensor>& batches);

}  // namespace intr

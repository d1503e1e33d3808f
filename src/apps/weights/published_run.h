// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "intr/weights/published_optimizer.h"
#include "intr/weights/weight_file.h"

namespace intr {

/// What the published training script needs to go on with a run of ours: rates, decay and schedule
/// out of the options that our checkpoint keeps.
/// @param checkpoint of the format WeightFormat::checkpoint
/// @throws DataError if it says too little, or no epoch is done yet
PublishedOptimizer published_optimizer(const WeightFile& checkpoint);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"
#include "intr/model/intr.h"

namespace intr {

struct FirstWeightsOptions {
  std::string init = "calibrated";  ///< calibrated or plain
  std::uint64_t seed = 42;
  std::int64_t calibrate_images = 64;
  Transform transform;  ///< of the pictures that norms are calibrated on
};

/// Rows that norms are calibrated on: the first of a shuffle on a stream of its own, ended early at
/// 16 million pixels after the transform, but not before 8 pictures.
std::vector<std::int64_t> calibration_rows(const DataIndex& index,
                                           const FirstWeightsOptions& options);

/// The values that a run from nothing starts with. For rank 0, which sends them to the others.
TensorMap first_weights(const ModelConfig& config, const DataIndex& index,
                        const ShardReader& reader, const FirstWeightsOptions& options);

}  // namespace intr

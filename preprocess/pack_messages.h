// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "preprocess/pack_plan.h"
#include "preprocess/shard_job.h"

namespace intr {

/// What ranks that pack together tell each other, as bytes.
std::string plan_to_bytes(const PackPlan& plan);
PackPlan plan_from_bytes(const std::string& bytes);

/// A shard that a rank has dealt with.
struct FinishedShard {
  std::size_t shard = 0;  ///< in the plan
  ShardResult result;
};
std::string results_to_bytes(const std::vector<FinishedShard>& results);
std::vector<FinishedShard> results_from_bytes(const std::string& bytes);

}  // namespace intr

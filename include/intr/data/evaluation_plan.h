// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"

namespace intr {

/// Samples that are evaluated together. All have one final size: zero padding would leak into the
/// logits.
struct EvaluationBatch {
  std::int64_t number = 0;  ///< place in the plan
  ImageSize size;           ///< of every picture after the transform
  std::vector<std::int64_t> rows;
};

/// The batch list that evaluation and attention dumps share: samples sorted by (final height, final
/// width, sample id), cut into batches of one size. Depends on the data, the transform and the
/// batch size, never on ranks.
/// @param rows which rows of the index; empty = all
std::vector<EvaluationBatch> plan_evaluation(const DataIndex& index, const Transform& transform,
                                             std::int64_t batch_size,
                                             const std::vector<std::int64_t>& rows = {});

/// Deals units of work to ranks, longest first to the least loaded rank (ties: lower number).
/// @return owner of each unit
std::vector<std::int64_t> deal_by_cost(const std::vector<std::int64_t>& costs,
                                       std::int64_t world_size);

/// The batches of one rank, dealt by pixels.
std::vector<EvaluationBatch> batches_of_rank(const std::vector<EvaluationBatch>& plan,
                                             std::int64_t rank, std::int64_t world_size);

}  // namespace intr

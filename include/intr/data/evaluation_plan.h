// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"

namespace intr {

/// How samples are put together for evaluation.
enum class EvaluationBatching {
  kOneSize,    ///< one final size a batch: zero padding would leak into the logits
  kReference,  ///< as published: consecutive samples, padded; logits depend on batch mates
};
/// "size" or "reference". @throws UsageError
EvaluationBatching parse_evaluation_batching(const std::string& text);

/// Samples that are evaluated together.
struct EvaluationBatch {
  std::int64_t number = 0;  ///< place in the plan
  ImageSize size;           ///< of every picture after the transform, or after padding
  std::vector<std::int64_t> rows;
};

/// The batch list that evaluation and attention dumps share: samples sorted by (final height, final
/// width, sample id), cut into batches of one size; or as published, samples in the order of their
/// ids. Depends on the data, the transform and the batch size, never on ranks: each sample stands
/// in it once.
/// @param rows which rows of the index; empty = all
/// @throws DataError if the split has no samples
std::vector<EvaluationBatch> plan_evaluation(
    const DataIndex& index, const Transform& transform, std::int64_t batch_size,
    const std::vector<std::int64_t>& rows = {},
    EvaluationBatching batching = EvaluationBatching::kOneSize);

/// Size of a picture after the transform of evaluation.
ImageSize evaluation_size(const DataIndex& index, const Transform& transform, std::int64_t row);

/// Deals units of work to ranks, longest first to the least loaded rank (ties: lower number).
/// @return owner of each unit
std::vector<std::int64_t> deal_by_cost(const std::vector<std::int64_t>& costs,
                                       std::int64_t world_size);

/// The batches of one rank, dealt by pixels.
std::vector<EvaluationBatch> batches_of_rank(const std::vector<EvaluationBatch>& plan,
                                             std::int64_t rank, std::int64_t world_size);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/data/evaluation_plan.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "intr/core/error.h"
#include "intr/data/size_buckets.h"

namespace intr {
namespace {

std::vector<SizedSample> sized_samples(const DataIndex& index, const Transform& transform,
                                       const std::vector<std::int64_t>& rows) {
  std::vector<std::int64_t> chosen = rows;
  if (chosen.empty()) {
    chosen.resize(static_cast<std::size_t>(index.size()));
    std::iota(chosen.begin(), chosen.end(), 0);
  }
  std::vector<SizedSample> samples;
  for (const std::int64_t row : chosen) {
    if (row < 0 || row >= index.size())
      throw InternalError("row " + std::to_string(row) + " does not exist", index.set());
    const auto sample_id = static_cast<std::uint64_t>(index.sample_id(row));
    samples.push_back({row, sample_id, evaluation_size(index, transform, row)});
  }
  return samples;
}

/// The order in which samples are cut into batches.
bool comes_before(const SizedSample& a, const SizedSample& b, EvaluationBatching batching) {
  if (batching == EvaluationBatching::kReference) return a.sample_id < b.sample_id;
  return std::tuple(a.final.height, a.final.width, a.sample_id) <
         std::tuple(b.final.height, b.final.width, b.sample_id);
}

}  // namespace

EvaluationBatching parse_evaluation_batching(const std::string& text) {
  if (text == "size") return EvaluationBatching::kOneSize;
  if (text == "reference") return EvaluationBatching::kReference;
  throw UsageError("'" + text + "' is no way to put batches together", "--eval-batching",
                   "use size or reference");
}

std::vector<EvaluationBatch> plan_evaluation(const DataIndex& index, const Transform& transform,
                                             std::int64_t batch_size,
                                             const std::vector<std::int64_t>& rows,
                                             EvaluationBatching batching) {
  if (batch_size < 1) throw UsageError("must be at least 1", "--batch-size");
  if (index.size() == 0) {
    throw DataError("split '" + index.split() + "' has no samples", index.set(),
                    "pack pictures into this split");
  }
  std::vector<SizedSample> samples = sized_samples(index, transform, rows);
  std::sort(samples.begin(), samples.end(), [&](const SizedSample& a, const SizedSample& b) {
    return comes_before(a, b, batching);
  });
  std::vector<EvaluationBatch> plan;
  for (const SizedSample& sample : samples) {
    const bool padded = batching == EvaluationBatching::kReference;
    if (plan.empty() || std::ssize(plan.back().rows) == batch_size ||
        (!padded && plan.back().size != sample.final)) {
      plan.push_back({std::ssize(plan), sample.final, {}});
    }
    EvaluationBatch& batch = plan.back();
    batch.size.height = std::max(batch.size.height, sample.final.height);
    batch.size.width = std::max(batch.size.width, sample.final.width);
    batch.rows.push_back(sample.row);
  }
  return plan;
}

ImageSize evaluation_size(const DataIndex& index, const Transform& transform, std::int64_t row) {
  const auto sample_id = static_cast<std::uint64_t>(index.sample_id(row));
  return plan_transform(transform, index.image_size(row), 0, 0, sample_id).final;
}

std::vector<std::int64_t> deal_by_cost(const std::vector<std::int64_t>& costs,
                                       std::int64_t world_size) {
  std::vector<std::size_t> longest_first(costs.size());
  std::iota(longest_first.begin(), longest_first.end(), std::size_t{0});
  std::stable_sort(longest_first.begin(), longest_first.end(),
                   [&](std::size_t a, std::size_t b) { return costs[a] > costs[b]; });
  std::vector<std::int64_t> load(static_cast<std::size_t>(world_size), 0);
  std::vector<std::int64_t> owner(costs.size());
  for (const std::size_t unit : longest_first) {
    const auto least = std::min_element(load.begin(), load.end());  // the first of equals
    owner[unit] = least - load.begin();
    *least += costs[unit];
  }
  return owner;
}

std::vector<EvaluationBatch> batches_of_rank(const std::vector<EvaluationBatch>& plan,
                                             std::int64_t rank, std::int64_t world_size) {
  std::vector<std::int64_t> costs;
  for (const EvaluationBatch& batch : plan)
    costs.push_back(batch.size.area() * std::ssize(batch.rows));
  const std::vector<std::int64_t> owner = deal_by_cost(costs, world_size);
  std::vector<EvaluationBatch> mine;
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (owner[i] == rank) mine.push_back(plan[i]);
  return mine;
}

}  // namespace intr

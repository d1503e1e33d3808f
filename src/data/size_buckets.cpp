// SPDX-License-Identifier: Apache-2.0
#include "intr/data/size_buckets.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "intr/core/error.h"
#include "intr/data/sample_order.h"

namespace intr {
namespace {

/// Width over height in twentieths, rounded.
std::int64_t aspect(ImageSize size) { return (40 * size.width + size.height) / (2 * size.height); }

std::size_t at(std::int64_t value) { return static_cast<std::size_t>(value); }

std::vector<std::vector<std::int64_t>> cut(const std::vector<SizedSample>& samples,
                                           std::int64_t batch_size) {
  std::vector<std::vector<std::int64_t>> runs;
  for (const SizedSample& sample : samples) {
    if (runs.empty() || std::ssize(runs.back()) == batch_size) runs.emplace_back();
    runs.back().push_back(sample.row);
  }
  return runs;
}

}  // namespace

std::vector<std::vector<std::int64_t>> cut_window(std::vector<SizedSample> samples,
                                                  std::int64_t batch_size, std::uint64_t seed,
                                                  std::uint64_t epoch, std::uint64_t window) {
  std::sort(samples.begin(), samples.end(), [](const SizedSample& a, const SizedSample& b) {
    return std::tuple(aspect(a.final), a.final.area(), a.sample_id) <
           std::tuple(aspect(b.final), b.final.area(), b.sample_id);
  });
  std::vector<std::vector<std::int64_t>> runs = cut(samples, batch_size);
  const std::size_t full = samples.size() / at(batch_size);
  if (full == 0) return runs;
  const SampleOrder order(full, seed, epoch, kBucketStream + window);
  std::vector<std::vector<std::int64_t>> steps;
  for (std::size_t step = 0; step < full; ++step) steps.push_back(std::move(runs[order.at(step)]));
  if (runs.size() > full) steps.push_back(std::move(runs.back()));
  return steps;
}

Slice slice_of_rank(std::int64_t samples, std::int64_t rank, std::int64_t world_size) {
  return {rank * samples / world_size, (rank + 1) * samples / world_size};
}

StepPlan::StepPlan(const DataIndex& index, const Transform& transform, std::uint64_t seed,
                   std::int64_t batch_size, std::int64_t window, bool drop_last,
                   const OrderKind& order)
    : index_(&index),
      transform_(transform),
      seed_(seed),
      batch_size_(batch_size),
      window_steps_(window),
      order_(index, order, seed) {
  if (batch_size < 1) throw UsageError("must be at least 1", "--batch-size");
  if (window < 1) throw UsageError("must be at least 1", "--bucket-window");
  const std::int64_t n = index.size();
  positions_ = drop_last ? n / batch_size * batch_size : n;
  steps_ = (positions_ + batch_size - 1) / batch_size;
  if (steps_ > 0) return;
  throw DataError(
      fmt::format("split '{}' has {} samples, a step takes {}", index.split(), n, batch_size),
      index.set(),
      n == 0 ? "pack pictures into this split"
             : "use a smaller --batch-size, or keep the last incomplete step");
}

const std::vector<std::int64_t>& StepPlan::step(std::int64_t epoch, std::int64_t step) {
  const std::int64_t number = step / window_steps_;
  const auto is_wanted = [&](const Window& w) { return w.epoch == epoch && w.number == number; };
  if (!is_wanted(windows_[0])) {
    std::swap(windows_[0], windows_[1]);
    if (!is_wanted(windows_[0])) {
      Window fresh{.epoch = epoch, .number = number, .rows = {}};
      compute(fresh);
      windows_[0] = std::move(fresh);
    }
  }
  return windows_[0].rows.at(at(step - number * window_steps_));
}

void StepPlan::compute(Window& window) {
  const auto epoch = static_cast<std::uint64_t>(window.epoch);
  if (window.epoch != order_epoch_) order_.begin(window.epoch);
  order_epoch_ = window.epoch;
  const std::int64_t first = window.number * window_steps_ * batch_size_;
  const std::int64_t last = std::min(positions_, first + window_steps_ * batch_size_);
  std::vector<SizedSample> samples;
  samples.reserve(at(last - first));
  for (std::int64_t position = first; position < last; ++position) {
    const std::int64_t row = order_.row(position);
    const auto sample_id = static_cast<std::uint64_t>(index_->sample_id(row));
    ImageSize final;
    if (window_steps_ > 1)
      final = plan_transform(transform_, index_->image_size(row), seed_, epoch, sample_id).final;
    samples.push_back({row, sample_id, final});
  }
  window.rows = window_steps_ > 1 ? cut_window(std::move(samples), batch_size_, seed_, epoch,
                                               static_cast<std::uint64_t>(window.number))
                                  : cut(samples, batch_size_);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"
#include "intr/data/epoch_order.h"

namespace intr {

/// A sample and the size that its transform will give it.
struct SizedSample {
  std::int64_t row = 0;
  std::uint64_t sample_id = 0;
  ImageSize final;
};

/// Groups the samples of one bucket window into steps of like sizes: sorted by (aspect in
/// twentieths, area, sample id), cut into runs of `batch_size`, full runs permuted, a short last
/// run left last.
/// @return rows of each step, in order
std::vector<std::vector<std::int64_t>> cut_window(std::vector<SizedSample> samples,
                                                  std::int64_t batch_size, std::uint64_t seed,
                                                  std::uint64_t epoch, std::uint64_t window);

/// A contiguous part of a step: [begin, end).
struct Slice {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t size() const noexcept { return end - begin; }
};
/// What a rank takes of a step with `samples` samples; may be empty.
Slice slice_of_rank(std::int64_t samples, std::int64_t rank, std::int64_t world_size);

/// Which samples every training step holds, for any (epoch, step) at once: a pure function of the
/// data, the transform, the seed, the order and the batch size, never of ranks. Keeps the two
/// windows it used last. For one thread at a time.
class StepPlan {
 public:
  /// @param index      must outlive the plan
  /// @param window     steps that are sorted by size together; 1 = the order as drawn
  /// @param drop_last  leave out the samples of the last positions that fill no step
  StepPlan(const DataIndex& index, const Transform& transform, std::uint64_t seed,
           std::int64_t batch_size, std::int64_t window, bool drop_last,
           const OrderKind& order = {});

  std::int64_t steps_per_epoch() const noexcept { return steps_; }
  std::int64_t window_steps() const noexcept { return window_steps_; }
  /// Rows of a step. Valid until the next call.
  const std::vector<std::int64_t>& step(std::int64_t epoch, std::int64_t step);

 private:
  struct Window {
    std::int64_t epoch = -1;
    std::int64_t number = -1;
    std::vector<std::vector<std::int64_t>> rows;  ///< of each step
  };
  void compute(Window& window);

  const DataIndex* index_;
  Transform transform_;
  std::uint64_t seed_;
  std::int64_t batch_size_;
  std::int64_t window_steps_;
  std::int64_t positions_ = 0;  ///< of an epoch
  std::int64_t steps_ = 0;
  EpochOrder order_;
  std::int64_t order_epoch_ = -1;  ///< that order_ is turned to
  std::array<Window, 2> windows_;  ///< the one used last first
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "batch_shapes.h"
#include "intr/data/loader.h"
#include "intr/data/pixel_slots.h"

namespace intr {

/// Batches of noise in given shapes, over and over, as rank `rank` of a job takes them: every R-th.
/// Their pixels lie in memory before anything is timed.
class ReplayedBatches final : public BatchSource {
 public:
  /// @param shapes at least as many as ranks; what does not fill a step of all ranks is left out
  /// @param num_classes labels count through the classes
  /// @param hook        told of the memory of the pixels
  ReplayedBatches(const std::vector<BatchShape>& shapes, std::int64_t num_classes, int rank,
                  int world_size, const SlotMemoryHook& hook = {});

  std::int64_t steps_per_epoch() const noexcept override;
  void seek(std::int64_t epoch, std::int64_t step) override;
  MicroBatch next() override;

  /// Of one pass over all steps, over all ranks.
  std::int64_t num_images() const noexcept { return num_images_; }
  double pad_fraction() const noexcept { return pad_fraction_; }

 private:
  struct Step {
    BatchShape mine;
    std::int64_t images = 0;  ///< over all ranks
    std::int64_t first = 0;   ///< number of this rank's first one
  };
  std::vector<Step> steps_;
  std::optional<PixelSlots> memory_;
  std::optional<PixelLease> noise_;
  std::int64_t num_classes_;
  std::int64_t num_images_ = 0;
  double pad_fraction_ = 0;
  std::int64_t epoch_ = 0;
  std::int64_t step_ = 0;
};

}  // namespace intr

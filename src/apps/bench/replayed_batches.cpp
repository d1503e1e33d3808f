// SPDX-License-Identifier: Apache-2.0
#include "replayed_batches.h"

#include <algorithm>
#include <random>

namespace intr {
namespace {

/// Each picture begins elsewhere in the noise, so that pictures differ.
constexpr std::size_t kShift = 3 * 7;

}  // namespace

ReplayedBatches::ReplayedBatches(const std::vector<BatchShape>& shapes, std::int64_t num_classes,
                                 int rank, int world_size, const SlotMemoryHook& hook)
    : num_classes_(num_classes) {
  const auto ranks = static_cast<std::size_t>(world_size);
  std::size_t bytes = 0;
  double valid = 0, padded = 0;
  for (std::size_t begin = 0; begin + ranks <= shapes.size(); begin += ranks) {
    Step step;
    for (std::size_t r = 0; r < ranks; ++r) {
      const BatchShape& shape = shapes[begin + r];
      if (static_cast<int>(r) == rank) {
        step.mine = shape;
        step.first = step.images;
      }
      step.images += static_cast<std::int64_t>(shape.images.size());
      for (const ImageSize& image : shape.images) valid += static_cast<double>(image.area());
      padded += static_cast<double>(shape.padded_pixels());
    }
    for (std::size_t i = 0; i < step.mine.images.size(); ++i)
      bytes =
          std::max(bytes, i * kShift + 3 * static_cast<std::size_t>(step.mine.images[i].area()));
    num_images_ += step.images;
    steps_.push_back(std::move(step));
  }
  pad_fraction_ = 1 - valid / padded;
  noise_ = memory_.emplace(1, bytes, hook).lend();
  std::minstd_rand draw(static_cast<std::uint32_t>(rank + 1));
  std::ranges::generate(noise_->memory(), [&] { return static_cast<std::uint8_t>(draw() >> 8); });
}

std::int64_t ReplayedBatches::steps_per_epoch() const noexcept {
  return static_cast<std::int64_t>(steps_.size());
}

void ReplayedBatches::seek(std::int64_t epoch, std::int64_t step) {
  epoch_ = epoch;
  step_ = step;
}

MicroBatch ReplayedBatches::next() {
  const Step& step = steps_[static_cast<std::size_t>(step_)];
  MicroBatch batch;
  batch.epoch = epoch_;
  batch.step = step_;
  batch.step_samples = step.images;
  batch.first_in_step = step.first;
  batch.sizes = step.mine.images;
  batch.padded = step.mine.padded;
  for (std::size_t i = 0; i < batch.sizes.size(); ++i) {
    const std::int64_t sample = step.first + static_cast<std::int64_t>(i);
    batch.rows.push_back(sample);
    batch.sample_ids.push_back(sample);
    batch.labels.push_back(sample % num_classes_);
    batch.offsets.push_back(i * kShift);
  }
  batch.pixels = noise_->memory();
  if (++step_ == steps_per_epoch()) seek(epoch_ + 1, 0);
  return batch;
}

}  // namespace intr

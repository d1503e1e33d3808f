// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>

#include "intr/train/device_mark.h"

namespace intr {

/// Seconds of a step, by what the device spent them on.
struct StepTimes {
  double data = 0;  ///< until the batch is on the device
  double forward = 0;
  double backward = 0;
  double exposed = 0;  ///< waiting for the gradients of other ranks
  double optimizer = 0;
  double total() const noexcept { return data + forward + backward + exposed + optimizer; }
};

/// Splits steps into phases that follow each other. In the trace they stand as the host saw them.
/// On a GPU, which works behind the host, their times are the GPU's; a phase that it has not ended
/// when the step's times are taken counts in the next step.
class StepClock {
 public:
  explicit StepClock(at::Device device) : device_(device) {}

  /// @param step the first is 1
  void begin(std::int64_t step);
  /// The phase ends that began where the last one ended. @return its seconds on the host
  double end(const char* name, double StepTimes::*phase);
  /// The step ends with the phase that ended last.
  void end_step(std::int64_t images);
  /// Of the phases that the device has ended since the last call.
  StepTimes take();

 private:
  struct Mark {
    double StepTimes::*phase;  ///< that ends here; null: a step begins
    DeviceMark place;
  };

  at::Device device_;
  std::deque<Mark> marks_;  ///< the first is where counting goes on
  std::int64_t step_ = 0;
  std::int64_t begin_ = 0;  ///< of the step, on the trace's clock
  std::int64_t last_ = 0;
};

}  // namespace intr

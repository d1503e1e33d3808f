// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "intr/comm/gradient_reducer.h"
#include "intr/train/divergence.h"

namespace intr {

/// Adds up what micro-batches scored where they were computed, so that the host need not wait:
/// loss, hits and whether all was finite.
class DeviceTally {
 public:
  explicit DeviceTally(at::Device device);

  /// @param logits [B, K] float32  @param labels [B] int64  @param loss 0-dim
  void add(const std::vector<std::int64_t>& sample_ids, const at::Tensor& logits,
           const at::Tensor& labels, const at::Tensor& loss);
  /// A shard ends: counts from zero.
  /// @return [FlatState::kTailValues] float32 on the device, 0 where only the host knows
  at::Tensor take();

  /// The samples of the step so far. Waits for the device.
  SuspectSamples suspects() const;
  /// A step begins.
  void forget_samples() { samples_.clear(); }

 private:
  at::Tensor sums_;  ///< [kTailValues] double
  /// Of each forward pass, and whether its loss was finite: 0-dim bool.
  std::vector<std::pair<std::vector<std::int64_t>, at::Tensor>> samples_;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "intr/comm/flat_state.h"

namespace intr {

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 1e-6;
  double clip_max_norm = 0.1;  ///< L2 norm over all trainable gradients; 0 = off
};

/// What an update did.
struct UpdateReport {
  double norm = 0;              ///< gradient norm before clipping
  double clip = 1;              ///< factor applied
  bool applied = true;          ///< false: the norm was not finite; only the gradients were zeroed
  std::string bad_tensor = {};  ///< then: the first one whose gradient was not finite
};

/// AdamW (Loshchilov and Hutter, ICLR 2019, algorithm 2) over flat buffers, with a global-norm
/// clip. Its state is the moments in FlatState and the step number.
class Optimizer {
 public:
  Optimizer(FlatState& state, const AdamWOptions& options) : state_(state), options_(options) {}
  /// Clips, updates parameters and moments, and zeroes the gradients. @param lr of each
  /// learning-rate group
  UpdateReport step(const std::array<double, 2>& lr);

  /// step() for a device that works behind the host, in three parts of which none waits for it.
  /// First: what the gradients are like.
  /// @param bad 0-dim, other than 0 if nothing may be changed
  /// @return [3] double on the device: norm, factor of the clip, 1 if all is finite and not bad
  at::Tensor measure(const at::Tensor& bad) const;
  /// Second: clips and updates on the device, unless it must not.
  void enqueue(const std::array<double, 2>& lr, const at::Tensor& measured);
  /// Third, when the host knows what was measured: counts the update, and zeroes the gradients.
  UpdateReport settle(std::span<const double, 3> measured);

  /// Updates done; set when a run is resumed.
  std::int64_t steps_done() const noexcept { return steps_done_; }
  void set_steps_done(std::int64_t steps) noexcept { steps_done_ = steps; }

 private:
  /// @param scale the kernel divides gradients by it, and writes the quotient there; 0-dim float32
  /// @param skip  0-dim float32, 1: nothing is changed; may be undefined
  void update(const std::array<double, 2>& lr, const at::Tensor& scale, const at::Tensor& skip);

  FlatState& state_;
  AdamWOptions options_;
  std::int64_t steps_done_ = 0;
};

}  // namespace intr

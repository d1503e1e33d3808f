// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
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
  /// Updates done; set when a run is resumed.
  std::int64_t steps_done() const noexcept { return steps_done_; }
  void set_steps_done(std::int64_t steps) noexcept { steps_done_ = steps; }

 private:
  void update(const std::array<double, 2>& lr, double clip);

  FlatState& state_;
  AdamWOptions options_;
  std::int64_t steps_done_ = 0;
};

}  // namespace intr

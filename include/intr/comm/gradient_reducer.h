// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/comm/communicator.h"
#include "intr/comm/flat_state.h"

namespace intr {

/// What a step adds up over ranks beside the gradients; it rides in the same message, as float32.
/// Counts are exact below 2^24; the loss is rounded, to the same bits on every rank.
struct StepSums {
  bool stop = false;        ///< some rank wants to stop
  bool non_finite = false;  ///< some rank's loss was not finite
  double loss = 0;          ///< sum of sample losses over samples of the step: the mean loss
  std::int64_t hits1 = 0;
  std::int64_t hits5 = 0;
  std::int64_t samples = 0;
};

/// Sums the gradients of all ranks, in place, in a few large buckets, the last of which also
/// carries the step's sums.
class GradientReducer {
 public:
  /// @param state, communicator must outlive the reducer
  /// @param bucket_bytes size of all buckets but the last
  GradientReducer(FlatState& state, Communicator& communicator,
                  std::int64_t bucket_bytes = 32 << 20);
  /// Collective: after the backward pass of this rank's last micro-batch of the step. On return
  /// state.grad() holds the sum over ranks, the same bits on each.
  /// @throws PeerError if another rank is gone; InternalError if a gradient left its place
  StepSums finish(const StepSums& mine, std::int64_t step);

 private:
  void put(const StepSums& mine);
  StepSums take() const;

  FlatState& state_;
  Communicator& communicator_;
  std::int64_t bucket_values_;
};

}  // namespace intr

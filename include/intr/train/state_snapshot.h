// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "intr/train/training_state.h"

namespace intr {

/// The staging buffer: a copy of all values and moments, taken between two steps, that another
/// thread writes while training goes on. Pinned where the state lies on a GPU.
class StateSnapshot {
 public:
  /// Sets the memory aside and touches it, so that the first copy is as fast as any. Frozen tensors
  /// are copied here once: they never change.
  /// @param state must outlive the snapshot
  explicit StateSnapshot(const TrainingState& state);

  /// Copies the state as it is now. Not while values() are being read.
  void take();
  /// Fills in what head a checkpoint of this state has: tensors and frozen values.
  void describe(Checkpoint& head) const;
  /// The copied values in the order of files. Any thread may read them, with plain copies: no
  /// thread pool of LibTorch takes part.
  FlatValues values() const;

 private:
  const at::Tensor& buffer(FlatArray array) const;
  void copy_logical(FlatArray array, std::uint64_t first, std::span<float> out) const;

  const TrainingState& state_;
  at::Tensor param_, exp_avg_, exp_avg_sq_;  ///< laid out as the flat buffers
  std::vector<std::uint64_t> first_;         ///< of each entry, in the order of files
  Checkpoint head_;                          ///< tensors and frozen values
};

}  // namespace intr

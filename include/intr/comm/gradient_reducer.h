// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "intr/comm/communicator.h"
#include "intr/comm/flat_state.h"
#include "intr/comm/gradient_hooks.h"
#include "intr/comm/shard_tree.h"

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
  double picture_pixels = 0;  ///< of the network's input without padding; rounded as the loss is
  double padded_pixels = 0;   ///< with it

  /// As they travel: FlatState::kTailValues numbers, in the order of the members.
  static constexpr std::int64_t kNonFinite = 1;
  std::array<float, FlatState::kTailValues> packed() const;
  static StepSums unpacked(std::span<const float, FlatState::kTailValues> values);
};

/// Sums the gradients of all ranks, in place, in the buckets of the flat state, the last of which
/// also carries the step's sums. Buckets go out in their order, each as soon as the backward pass
/// has finished all of its gradients, while it computes the others.
///
/// A rank may compute its share in several virtual shards. Their gradients and sums are added up
/// along one tree over the shards of all ranks, as far as it goes inside the rank by a ShardTree;
/// with a communicator of fixed order the sum has the same bits for every number of ranks. Only the
/// last shard's backward pass sends.
class GradientReducer {
 public:
  /// @param state, communicator must outlive the reducer
  /// @param num_shards of this rank and step; a power of two
  GradientReducer(FlatState& state, Communicator& communicator, std::int64_t num_shards = 1);
  GradientReducer(const GradientReducer&) = delete;
  GradientReducer& operator=(const GradientReducer&) = delete;
  /// Waits for what is under way. While an exception unwinds it waits for nothing, and the memory
  /// of the gradients is never freed.
  ~GradientReducer();

  /// Sums of which a part is only known on the device yet: that part, kTailValues floats there, is
  /// added to what the host knows.
  struct Share {
    StepSums known;
    at::Tensor measured = {};  ///< undefined: nothing
  };

  /// After a shard that is not the rank's last: takes its gradients and sums, leaves zeros.
  void end_shard(const Share& shard);
  /// Before the backward pass of this rank's last micro-batch of the step: that pass sends.
  /// @param mine the sums of this rank's last shard, all of its micro-batches included
  void arm(const Share& mine, std::int64_t step);
  /// Collective: after that pass. What the device is asked from here on finds in state.grad() and
  /// state.tail() the sums over ranks, the same bits on each. A rank without pictures in its last
  /// shard calls it without arm().
  /// @throws PeerError if another rank is gone; InternalError naming a gradient that left its
  /// place, or that the pass reached not once
  void sum(const Share& mine, std::int64_t step);
  /// Once the device has reached the end of sum(). @throws PeerError if a rank was lost in it: then
  /// anything may stand in the buffers
  void require_whole();
  /// sum(), and waits for the device. @return the sums
  StepSums finish(const StepSums& mine, std::int64_t step);

 private:
  void ready(std::size_t entry) noexcept;
  void launch_next();
  void require_each_once();
  void put(const Share& mine);

  FlatState& state_;
  Communicator& communicator_;
  ShardTree shards_;
  std::mutex mutex_;  ///< of all below: hooks run on threads of autograd
  bool armed_ = false;
  std::int64_t step_ = 0;
  std::vector<std::int32_t> times_;    ///< each gradient was finished in this pass
  std::vector<std::int64_t> missing_;  ///< gradients of each bucket that are not finished yet
  std::vector<std::unique_ptr<Work>> works_;  ///< of the buckets that were sent
  std::exception_ptr failure_;                ///< of a hook
  GradientHooks hooks_;                       // last: its calls use all of the above
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace intr {

/// Adds up what a rank computes shard by shard in one buffer, along a binary tree over shard
/// numbers: (0 + 1) + (2 + 3) and so on, a node always lower + higher. A stack of log2(shards)
/// spare buffers is all it takes. Not thread-safe.
class ShardTree {
 public:
  /// @param values [n] float, where one shard after another stands and in the end their sum
  /// @param num_shards a power of two
  ShardTree(at::Tensor values, std::int64_t num_shards);

  /// The buffer holds a shard that is not the last: takes it and leaves zeros for the next.
  void take();
  /// The buffer holds values [begin, end) of the last shard: they become those of the sum. Call it
  /// once for each value.
  void finish(std::int64_t begin, std::int64_t end);
  /// Whatever comes next is shard 0.
  void restart() noexcept { num_taken_ = 0; }

 private:
  at::Tensor values_;
  std::int64_t num_shards_;
  std::int64_t num_taken_ = 0;
  /// [k]: the sum of 2^k shards, where bit k of num_taken_ is set.
  std::vector<at::Tensor> spares_;
};

}  // namespace intr

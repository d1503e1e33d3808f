// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace intr {

/// Which gradients travel together, and in which order. The layout of the flat buffers follows it,
/// and with the layout the order of sums, so a run keeps its plan: checkpoints hold it.
struct BucketPlan {
  std::vector<std::uint32_t> parameter;   ///< trainable tensors, first to be ready first
  std::vector<std::uint32_t> bucket_end;  ///< of each bucket: places in `parameter`

  /// No plan: all tensors are one bucket.
  bool empty() const noexcept { return parameter.empty(); }
  bool operator==(const BucketPlan&) const = default;
  /// XXH3-64: equal on all ranks or something is wrong.
  std::uint64_t hash() const;
  /// Bucket of each tensor. @throws DataError naming `where` if this is no plan of so many tensors
  std::vector<std::uint32_t> bucket_of(std::size_t num_tensors, const std::string& where) const;
};

/// Bytes of buckets. The last one's time is always exposed, so it should be small; but a message
/// that is too small costs more than it hides.
struct BucketSizes {
  std::int64_t first = 0;
  std::int64_t most = 0;
  std::int64_t last_least = 0;
  std::int64_t last_most = 0;
};
/// @param back_end see make_communicator @param most bytes; 0 = what suits the back end
BucketSizes bucket_sizes(const std::string& back_end, std::int64_t most);

/// Cuts tensors into buckets. A tensor is never divided, so one that is larger than a bucket is a
/// bucket of its own.
/// @param order tensors, first to be ready first @param bytes of each tensor
BucketPlan plan_buckets(const std::vector<std::uint32_t>& order,
                        const std::vector<std::int64_t>& bytes, const BucketSizes& sizes);

}  // namespace intr

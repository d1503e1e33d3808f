// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/comm/bucket_plan.h"
#include "intr/train/scaling_model.h"

namespace intr {

/// The trainable tensors as gradient buckets see them.
struct GradientTensors {
  std::vector<std::uint32_t> order;      ///< first to be ready first
  std::vector<std::int64_t> bytes = {};  ///< of each, by number
  std::int64_t total_bytes() const noexcept;
};

/// Bytes of each bucket of a plan.
std::vector<std::int64_t> bucket_bytes(const BucketPlan& plan,
                                       const std::vector<std::int64_t>& bytes);

/// A way to cut gradients, and what the scaling model says of it.
struct BucketChoice {
  std::int64_t most_mb = 0;  ///< of a bucket, MiB
  BucketPlan plan = {};
  std::vector<std::int64_t> bytes = {};  ///< of each bucket
  std::int64_t messages = 0;             ///< of all buckets
  double communication_s = 0;            ///< of all buckets, one after another
  double exposed_s = 0;                  ///< see exposed_seconds()
};

/// Cuts gradients into buckets and models their times. The backward pass is taken to finish
/// gradients evenly over its time, byte by byte.
/// @param back_end see bucket_sizes() @param most_mb > 0
BucketChoice weigh_buckets(const GradientTensors& tensors, std::int64_t most_mb,
                           const std::string& back_end, const Cluster& cluster, double backward_s);

/// The size of buckets, 8 to 512 MiB, that leaves the least exposed. The back end's usual one stays
/// unless another saves more than a hundredth of the backward pass.
BucketChoice choose_buckets(const GradientTensors& tensors, const std::string& back_end,
                            const Cluster& cluster, double backward_s);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/bucket_choice.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace intr {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

/// 40 tensors of 4 MiB: about what INTR with a ResNet-50 trains.
GradientTensors tensors() {
  GradientTensors made{.order = std::vector<std::uint32_t>(40),
                       .bytes = std::vector<std::int64_t>(40, 4 * kMiB)};
  std::iota(made.order.begin(), made.order.end(), 0);
  return made;
}

Cluster ring_of(std::int64_t ranks, const Link& link) { return {ranks, 1, link, link}; }

TEST(BucketChoice, AddsUpTheBytesOfEachBucket) {
  const BucketPlan plan{{2, 0, 1}, {1, 3}};
  EXPECT_EQ(bucket_bytes(plan, {1, 10, 100}), (std::vector<std::int64_t>{100, 11}));
}

TEST(BucketChoice, WeighsByHand) {
  const Cluster cluster = ring_of(2, {1e-3, 1e9});
  const BucketChoice choice = weigh_buckets(tensors(), 25, "nccl", cluster, 1);
  EXPECT_EQ(choice.bytes.front(), 4 * kMiB) << "the first is of one tensor: its cap is 1 MiB";
  EXPECT_EQ(choice.bytes.back(), 4 * kMiB);
  EXPECT_EQ(std::accumulate(choice.bytes.begin(), choice.bytes.end(), std::int64_t{0}),
            tensors().total_bytes());
  EXPECT_EQ(choice.messages, static_cast<std::int64_t>(choice.bytes.size()));
  const double all = static_cast<double>(choice.messages) * 2e-3 + 160.0 * kMiB / 1e9;
  EXPECT_NEAR(choice.communication_s, all, 1e-9);
  EXPECT_NEAR(choice.exposed_s, 2e-3 + 4.0 * kMiB / 1e9, 1e-9) << "the rest is hidden";
  const BucketChoice at_once = weigh_buckets(tensors(), 25, "nccl", cluster, 0);
  EXPECT_NEAR(at_once.exposed_s, all, 1e-9) << "nothing to hide behind";
}

TEST(BucketChoice, MpiCutsBucketsIntoPieces) {
  const BucketChoice choice = weigh_buckets(tensors(), 32, "mpi", ring_of(2, {1e-6, 1e9}), 1);
  EXPECT_EQ(choice.bytes.size(), 6u) << "32, 32, 32, 32, 28 and 4 MiB";
  EXPECT_EQ(choice.messages, 5 * 2 + 1) << "of 16 MiB at most";
}

TEST(BucketChoice, TheUsualSizeStaysWhereNothingIsGained) {
  const Cluster fast = ring_of(2, {1e-6, 1e12});
  EXPECT_EQ(choose_buckets(tensors(), "nccl", fast, 1).most_mb, 25);
  EXPECT_EQ(choose_buckets(tensors(), "mpi", fast, 1).most_mb, 32);
}

TEST(BucketChoice, LatencyOfManyRanksAsksForFewerBuckets) {
  const Cluster many = ring_of(4096, {5e-3, 10e9});
  const BucketChoice usual = weigh_buckets(tensors(), 25, "nccl", many, 0.05);
  const BucketChoice chosen = choose_buckets(tensors(), "nccl", many, 0.05);
  EXPECT_GT(chosen.most_mb, 25);
  EXPECT_LT(chosen.bytes.size(), usual.bytes.size());
  EXPECT_LT(chosen.exposed_s, usual.exposed_s);
  for (const std::int64_t most_mb : {8, 16, 25, 32, 64, 128, 256, 512})
    EXPECT_LE(chosen.exposed_s, weigh_buckets(tensors(), most_mb, "nccl", many, 0.05).exposed_s);
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/bucket_plan.h"

#include <gtest/gtest.h>

#include <numeric>

#include "intr/core/error.h"

namespace intr {
namespace {

using Numbers = std::vector<std::uint32_t>;

TEST(BucketPlan, FillsBucketsInTheOrderOfBackward) {
  const std::vector<std::int64_t> bytes = {10, 20, 30, 40, 50};
  const BucketPlan plan = plan_buckets({4, 2, 0, 3, 1}, bytes, {50, 80, 15, 30});
  EXPECT_EQ(plan.parameter, (Numbers{4, 2, 0, 3, 1}));
  // 50 | 30 + 10 + 40 | 20
  EXPECT_EQ(plan.bucket_end, (Numbers{1, 4, 5}));
  EXPECT_EQ(plan.bucket_of(5, "test"), (Numbers{1, 2, 1, 1, 0}));
}

TEST(BucketPlan, TheLastBucketIsSmall) {
  std::vector<std::int64_t> bytes(100, 1 << 20);
  Numbers order(bytes.size());
  std::iota(order.begin(), order.end(), 0);
  const BucketPlan mpi = plan_buckets(order, bytes, bucket_sizes("mpi", 0));
  EXPECT_EQ(mpi.bucket_end, (Numbers{32, 64, 96, 100}));
  const BucketPlan nccl = plan_buckets(order, bytes, bucket_sizes("nccl", 0));
  EXPECT_EQ(nccl.bucket_end, (Numbers{1, 26, 51, 76, 99, 100}));
  EXPECT_EQ(plan_buckets(order, bytes, bucket_sizes("host", 0)).bucket_end, nccl.bucket_end);
  EXPECT_EQ(plan_buckets(order, bytes, bucket_sizes("mpi", 200 << 20)).bucket_end,
            (Numbers{96, 100}));
}

TEST(BucketPlan, ATensorIsNeverDivided) {
  const BucketPlan plan = plan_buckets({0, 1, 2}, {5, 500, 5}, {10, 10, 1, 1});
  EXPECT_EQ(plan.bucket_end, (Numbers{1, 2, 3}));
  EXPECT_EQ(plan_buckets({0}, {500}, {10, 10, 1, 1}).bucket_end, (Numbers{1}));
}

TEST(BucketPlan, NoPlanIsOneBucket) {
  EXPECT_EQ(BucketPlan{}.bucket_of(3, "test"), (Numbers{0, 0, 0}));
}

TEST(BucketPlan, RefusesWhatIsNoPlan) {
  const std::vector<BucketPlan> wrong = {
      {{0, 1}, {2}},          {{0, 1, 1}, {3}},    {{0, 1, 3}, {3}},
      {{0, 1, 2}, {}},        {{0, 1, 2}, {2}},    {{0, 1, 2}, {0, 3}},
      {{0, 1, 2}, {2, 2, 3}}, {{0, 1, 2}, {3, 2}}, {{0, 1, 2}, {4}}};
  for (const BucketPlan& plan : wrong) EXPECT_THROW(plan.bucket_of(3, "file"), DataError);
}

TEST(BucketPlan, HashesDiffer) {
  const BucketPlan plan{{0, 1, 2}, {1, 3}};
  EXPECT_EQ(plan.hash(), BucketPlan(plan).hash());
  EXPECT_NE(plan.hash(), (BucketPlan{{0, 2, 1}, {1, 3}}).hash());
  EXPECT_NE(plan.hash(), (BucketPlan{{0, 1, 2}, {2, 3}}).hash());
}

}  // namespace
}  // namespace intr

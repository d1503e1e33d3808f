// SPDX-License-Identifier: Apache-2.0
#include "intr/data/size_buckets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "intr/data/sample_order.h"

namespace intr {
namespace {

TEST(SliceOfRank, DealsAllSamplesInOrder) {
  EXPECT_EQ(slice_of_rank(10, 0, 4).size(), 2);
  EXPECT_EQ(slice_of_rank(10, 1, 4).size(), 3);
  EXPECT_EQ(slice_of_rank(1, 0, 4).size(), 0);
  EXPECT_EQ(slice_of_rank(1, 3, 4).size(), 1);
  for (std::int64_t samples = 0; samples < 20; ++samples) {
    for (std::int64_t ranks = 1; ranks < 9; ++ranks) {
      std::int64_t next = 0;
      for (std::int64_t rank = 0; rank < ranks; ++rank) {
        const Slice slice = slice_of_rank(samples, rank, ranks);
        EXPECT_EQ(slice.begin, next);
        next = slice.end;
      }
      EXPECT_EQ(next, samples);
    }
  }
}

TEST(CutWindow, GroupsLikeSizesAndPermutesFullRuns) {
  // Aspects 20 (square), 40 (2:1) and 10 (1:2); areas order the squares.
  const std::vector<SizedSample> samples = {
      {0, 0, {100, 200}}, {1, 1, {10, 10}}, {2, 2, {20, 20}}, {3, 3, {200, 100}}, {4, 4, {10, 10}}};
  const auto steps = cut_window(samples, 2, 42, 0, 0);
  ASSERT_EQ(steps.size(), 3u);
  const std::vector<std::vector<std::int64_t>> full = {{3, 1}, {4, 2}};
  const SampleOrder order(2, 42, 0, kBucketStream);
  EXPECT_EQ(steps[0], full[order.at(0)]);
  EXPECT_EQ(steps[1], full[order.at(1)]);
  EXPECT_EQ(steps[2], std::vector<std::int64_t>{0}) << "the short last run stays last";
}

TEST(CutWindow, OneSampleIsOneStep) {
  EXPECT_EQ(cut_window({{5, 9, {4, 4}}}, 8, 0, 0, 0),
            (std::vector<std::vector<std::int64_t>>{{5}}));
}

}  // namespace
}  // namespace intr

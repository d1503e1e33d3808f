// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_statistics.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

TEST(MapStatistics, SumsAndScalesOfAllThatWasAdded) {
  DumpFacts facts;
  facts.layers = {0};
  facts.heads = {0, 1};
  facts.num_queries = 2;
  facts.values = facts.rollout = true;
  MapStatistics statistics;
  // Slot 0: heads (1, 0) and (0.5, 0.5); slot 1: (0.25, 0.75) and (0.5, 0.5).
  const std::vector<float> maps = {1, 0, 0.5, 0.5, 0.25, 0.75, 0.5, 0.5};
  statistics.add(facts, MapField::kMap, maps, {1, 2});
  statistics.add(facts, MapField::kMap, std::vector<float>(8, 0.499F), {1, 2});
  statistics.add(facts, MapField::kRollout, std::vector<float>{0.5, 0.5, 0.6F, 0.4F, 1, 0, 1, 0},
                 {1, 2});
  statistics.add(facts, MapField::kValue, std::vector<float>{1, 2, 7, 3}, {1, 2});
  statistics.fill(facts);
  EXPECT_FLOAT_EQ(facts.sum_max, 1.0F);
  EXPECT_FLOAT_EQ(facts.sum_min, 0.998F);
  EXPECT_DOUBLE_EQ(facts.peak_p99, 2.0);      // 2 cells times 1
  EXPECT_DOUBLE_EQ(facts.contrast_p99, 1.5);  // 2 times |1 - 0.25|
  EXPECT_FLOAT_EQ(static_cast<float>(facts.rollout_p99), 1.2F);
  EXPECT_DOUBLE_EQ(facts.value_p99, 7.0);
}

TEST(MapStatistics, SumsThatNeverReachOneAreSaid) {
  DumpFacts facts;
  facts.layers = facts.heads = {0};
  facts.num_queries = 1;
  MapStatistics statistics;
  statistics.add(facts, MapField::kMap, std::vector<float>{0.25F, 0.25F}, {1, 2});
  statistics.fill(facts);
  EXPECT_FLOAT_EQ(facts.sum_max, 0.5F);
}

}  // namespace
}  // namespace intr

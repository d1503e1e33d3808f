// SPDX-License-Identifier: Apache-2.0
#include "intr/data/evaluation_plan.h"

#include <gtest/gtest.h>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(DealByCost, LongestFirstToTheLeastLoaded) {
  EXPECT_EQ(deal_by_cost({1, 5, 3, 3}, 2), (std::vector<std::int64_t>{0, 0, 1, 1}));
  EXPECT_EQ(deal_by_cost({4, 4, 4}, 2), (std::vector<std::int64_t>{0, 1, 0}));
  EXPECT_TRUE(deal_by_cost({}, 3).empty());
}

class EvaluationPlanTest : public testing::Test {
 protected:
  EvaluationPlanTest() {
    test::make_tiny_set(folder / "set",
                        {.samples = {{"val", 7}}, .size = [](std::int64_t i) {
                           return i % 2 == 0 ? ImageSize{20, 30} : ImageSize{30, 20};
                         }});
    index = DataIndex::open(folder / "set", "val");
  }
  test::TempDir folder;
  DataIndex index;
  Transform transform = Transform::parse("val:40");
};

TEST_F(EvaluationPlanTest, BatchesHaveOneSizeAndKeepTheOrder) {
  const auto plan = plan_evaluation(index, transform, 3);
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].size, (ImageSize{40, 60}));
  EXPECT_EQ(plan[0].rows, (std::vector<std::int64_t>{0, 2, 4}));
  EXPECT_EQ(plan[1].rows, (std::vector<std::int64_t>{6}));
  EXPECT_EQ(plan[2].size, (ImageSize{60, 40}));
  EXPECT_EQ(plan[2].rows, (std::vector<std::int64_t>{1, 3, 5}));
  EXPECT_EQ(plan[2].number, 2);
}

TEST_F(EvaluationPlanTest, TakesChosenRowsOnly) {
  const auto plan = plan_evaluation(index, transform, 3, {5, 2});
  ASSERT_EQ(plan.size(), 2u);
  EXPECT_EQ(plan[0].rows, std::vector<std::int64_t>{2});
  EXPECT_EQ(plan[1].rows, std::vector<std::int64_t>{5});
  EXPECT_THROW(plan_evaluation(index, transform, 3, {7}), InternalError);
  EXPECT_THROW(plan_evaluation(index, transform, 0), UsageError);
}

TEST_F(EvaluationPlanTest, RanksShareTheBatches) {
  const auto plan = plan_evaluation(index, transform, 2);
  for (const std::int64_t world_size : {1, 2, 3, 9}) {
    std::vector<int> seen(plan.size(), 0);
    for (std::int64_t rank = 0; rank < world_size; ++rank)
      for (const EvaluationBatch& batch : batches_of_rank(plan, rank, world_size))
        ++seen.at(static_cast<std::size_t>(batch.number));
    EXPECT_EQ(seen, std::vector<int>(plan.size(), 1)) << world_size;
  }
}

TEST_F(EvaluationPlanTest, AsPublishedSamplesFollowEachOtherAndAreOftenPadded) {
  const auto plan = plan_evaluation(index, transform, 3, {}, EvaluationBatching::kReference);
  ASSERT_EQ(plan.size(), 3u);
  EXPECT_EQ(plan[0].rows, (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(plan[1].rows, (std::vector<std::int64_t>{3, 4, 5}));
  EXPECT_EQ(plan[2].rows, (std::vector<std::int64_t>{6})) << "no sample twice to fill a batch";
  EXPECT_EQ(plan[0].size, (ImageSize{60, 60}));
  EXPECT_EQ(plan[2].size, (ImageSize{40, 60}));
  EXPECT_EQ(parse_evaluation_batching("reference"), EvaluationBatching::kReference);
  EXPECT_EQ(parse_evaluation_batching("size"), EvaluationBatching::kOneSize);
  EXPECT_THROW(parse_evaluation_batching("padded"), UsageError);
}

TEST(EvaluationPlanOfNothing, IsRefused) {
  const test::TempDir folder;
  test::make_tiny_set(folder / "set", {.samples = {{"val", 0}}, .num_shards = 1});
  try {
    plan_evaluation(DataIndex::open(folder / "set", "val"), Transform::parse("val:40"), 3);
    FAIL() << "no error";
  } catch (const DataError& error) {
    EXPECT_EQ(error.code(), ExitCode::kBadData);
    EXPECT_NE(std::string(error.what()).find("split 'val' has no samples"), std::string::npos);
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_plan.h"

#include <gtest/gtest.h>

#include <memory>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

using Numbers = std::vector<std::int32_t>;

const DumpModel kModel{std::string(32, 'e'), 3, 4, 2, 16};
const Transform kTransform{Transform::Kind::kValidation, 48};

/// 11 pictures with ids 0, 3, …, 30; even ones 48 x 48, odd ones 48 x 64 after the transform.
class DumpPlanTest : public testing::Test {
 protected:
  void SetUp() override {
    test::TinySet small;
    small.samples = {{"val", 11}};
    small.id_step = 3;
    small.size = [](std::int64_t i) { return i % 2 == 0 ? ImageSize{24, 24} : ImageSize{24, 32}; };
    test::make_tiny_set(dir_ / "set", small);
    index_ = std::make_unique<DataIndex>(DataIndex::open(dir_ / "set", "val"));
    options_.batch_size = 4;
    options_.piece_samples = 5;
  }
  DumpPlan plan() const { return plan_dump(*index_, kModel, options_, kTransform); }

  test::TempDir dir_;
  std::unique_ptr<DataIndex> index_;
  DumpOptions options_;
};

TEST(DumpPlan, LayersAndHeads) {
  EXPECT_EQ(parse_layers("last", 6), (Numbers{5}));
  EXPECT_EQ(parse_layers("all", 3), (Numbers{0, 1, 2}));
  EXPECT_EQ(parse_layers("-1,0,-2,0", 6), (Numbers{0, 4, 5}));
  EXPECT_EQ(parse_heads("all", 2), (Numbers{0, 1}));
  EXPECT_EQ(parse_heads("mean", 8), (Numbers{kHeadMean}));
  EXPECT_EQ(parse_heads("7,3", 8), (Numbers{3, 7}));
  for (const char* text : {"6", "-7", "x", "1,,2", "", "1.5"})
    EXPECT_THROW(parse_layers(text, 6), UsageError) << text;
  EXPECT_THROW(parse_heads("8", 8), UsageError);
}

TEST_F(DumpPlanTest, BatchesOfOneSizeBecomePieces) {
  // 6 square pictures in batches of 4 + 2, then 5 wide ones in 4 + 1; a piece closes at 5 samples.
  const DumpPlan made = plan();
  ASSERT_EQ(made.batches.size(), 4U);
  ASSERT_EQ(made.pieces.size(), 2U);
  EXPECT_EQ(made.file.pieces[0].sample_ids, (std::vector<std::int64_t>{0, 6, 12, 18, 24, 30}));
  EXPECT_EQ(made.file.pieces[1].sample_ids, (std::vector<std::int64_t>{3, 9, 15, 21, 27}));
  EXPECT_EQ(made.pieces[1].first, 2);
  EXPECT_EQ(made.pieces[1].count, 2);
  EXPECT_EQ(made.pieces[1].pixels, 5 * 48 * 64);
  // 1 layer, 3 queries (of 3 classes), 4 heads, 3 x 3 and 3 x 4 cells, 2 bytes.
  EXPECT_EQ(made.file.pieces[0].map_elements, 6U * 12 * 9);
  EXPECT_EQ(made.file.map_bytes(), (6U * 12 * 9 + 5U * 12 * 12) * 2);
  EXPECT_EQ(made.file.facts.num_queries, 3);
  EXPECT_EQ(made.file.selection, "all");
}

TEST_F(DumpPlanTest, IdsFollowTheOptions) {
  const DumpFacts base = plan().file.facts;
  EXPECT_EQ(plan().file.facts.plan_id, base.plan_id);
  options_.batch_size = 3;
  EXPECT_EQ(plan().file.facts.content_id, base.content_id);
  EXPECT_NE(plan().file.facts.plan_id, base.plan_id);
  const auto differs = [&](auto change) {
    const DumpOptions before = options_;
    change();
    const bool result = plan().file.facts.content_id != base.content_id;
    options_ = before;
    return result;
  };
  EXPECT_TRUE(differs([&] { options_.dtype = "f32"; }));
  EXPECT_TRUE(differs([&] { options_.layers = "all"; }));
  EXPECT_TRUE(differs([&] { options_.heads = "mean"; }));
  EXPECT_TRUE(differs([&] { options_.queries = "top:1"; }));
  EXPECT_TRUE(differs([&] { options_.logits = "all"; }));
  EXPECT_TRUE(differs([&] { options_.choice.limit = 5; }));
  EXPECT_FALSE(differs([&] { options_.layers = "-1"; }));  // the same layer in other words
}

TEST_F(DumpPlanTest, PaddedBatchesStoreTheCellsOfThePictureAlone) {
  options_.batching = "reference";
  const DumpPlan made = plan();
  ASSERT_EQ(made.batches.size(), 3U);  // 11 pictures in the order of their ids
  EXPECT_EQ(made.batches[0].size, (ImageSize{48, 64}));
  EXPECT_EQ(made.grids, (std::map<ImageSize, std::int64_t>{{{3, 3}, 6}, {{3, 4}, 5}}));
  EXPECT_EQ(made.file.map_bytes(), (6U * 12 * 9 + 5U * 12 * 12) * 2);
  EXPECT_EQ(batching_of(made.file.facts), EvaluationBatching::kReference);
  const std::string content = made.file.facts.content_id;
  options_.batch_size = 5;  // other batch mates, other maps
  EXPECT_NE(plan().file.facts.content_id, content);
  options_.batching = "padded";
  EXPECT_THROW(plan(), UsageError);
}

TEST_F(DumpPlanTest, PieceSizeFollowsTheNumberOfSamples) {
  options_.piece_samples = 0;
  EXPECT_EQ(plan().file.piece_samples, 16);
}

TEST(DumpPlan, NonsenseIsRefused) {
  const auto refused = [](auto change) {
    DumpOptions options;
    change(options);
    EXPECT_THROW(validate(options), UsageError);
  };
  validate(DumpOptions());
  refused([](DumpOptions& o) { o.batch_size = 0; });
  refused([](DumpOptions& o) { o.dtype = "f64"; });
  refused([](DumpOptions& o) { o.logits = "some"; });
  refused([](DumpOptions& o) { o.choice.limit = -1; });
  refused([](DumpOptions& o) { o.piece_samples = -1; });
  refused([](DumpOptions& o) { o.batching = "sorted"; });
}

}  // namespace
}  // namespace intr

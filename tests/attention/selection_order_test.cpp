// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/selection_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "intr/core/error.h"
#include "support/synthetic_dump.h"
#include "support/temp_dir.h"

namespace intr {
namespace {

using Rows = std::vector<std::int64_t>;

/// Forty samples with ids 10, 13, …; of each five the margins fall from 5 to 1.
class SelectionOrder : public ::testing::Test {
 protected:
  SelectionOrder() : reader_(open(folder_.path() + "/dump")) {
    std::iota(all_.begin(), all_.end(), 0);
  }
  static MapReader open(const std::string& path) {
    test::SyntheticDump dump;
    dump.num_samples = 40;
    dump.adjust = [](DumpSample& sample) {
      const std::int64_t number = (sample.sample_id - 10) / 3;
      sample.top_logit = {0, -static_cast<float>(5 - number % 5), -20};
      sample.log_z = static_cast<float>(number % 3);
    };
    test::write_synthetic_dump(path, dump);
    return MapReader::open(path);
  }

  test::TempDir folder_;
  MapReader reader_;
  Rows all_ = Rows(40);
};

TEST_F(SelectionOrder, TheDrawDependsOnSeedAndIdsAlone) {
  const Rows drawn = draw_rows(reader_, all_, 10, 1);
  EXPECT_EQ(drawn.size(), 10U);
  EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
  EXPECT_EQ(draw_rows(reader_, all_, 10, 1), drawn);
  EXPECT_NE(draw_rows(reader_, all_, 10, 2), drawn);
  // More of the same seed contain fewer, and leaving out others changes nothing.
  const Rows more = draw_rows(reader_, all_, 20, 1);
  EXPECT_TRUE(std::includes(more.begin(), more.end(), drawn.begin(), drawn.end()));
  EXPECT_EQ(draw_rows(reader_, more, 10, 1), drawn);
  EXPECT_EQ(draw_rows(reader_, all_, 99, 1), all_);
}

TEST_F(SelectionOrder, TheDrawNeverChanges) {
  EXPECT_EQ(draw_rows(reader_, all_, 5, 42), (Rows{0, 5, 25, 31, 36}));
}

TEST_F(SelectionOrder, EverySampleHasTheSameChance) {
  std::vector<int> hits(40, 0);
  for (std::int64_t seed = 0; seed < 1000; ++seed)
    for (const std::int64_t row : draw_rows(reader_, all_, 10, seed))
      ++hits[static_cast<std::size_t>(row)];
  // 250 wanted, standard deviation 13.7.
  for (const int count : hits) EXPECT_NEAR(count, 250, 60);
}

TEST_F(SelectionOrder, Spread) {
  EXPECT_EQ(spread_rows(all_, 4), (Rows{0, 10, 20, 30}));
  EXPECT_EQ(spread_rows(all_, 0), all_);
  EXPECT_EQ(spread_rows({3, 5}, 7), (Rows{3, 5}));
}

TEST_F(SelectionOrder, DoubtfulSamplesComeFirst) {
  EXPECT_EQ(sorted_rows(reader_, {0, 1, 2, 3, 4, 5, 9}, "margin"), (Rows{4, 9, 3, 2, 1, 0, 5}));
  EXPECT_EQ(sorted_rows(reader_, {0, 1, 2, 3, 4, 5}, "probability"), (Rows{2, 5, 1, 4, 0, 3}));
  EXPECT_EQ(sorted_rows(reader_, {0, 3, 4}, "id"), (Rows{0, 3, 4}));
  EXPECT_THROW(sorted_rows(reader_, {0}, "name"), UsageError);
}

}  // namespace
}  // namespace intr

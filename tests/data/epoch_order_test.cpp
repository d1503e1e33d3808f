// SPDX-License-Identifier: Apache-2.0
#include "intr/data/epoch_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "intr/core/error.h"
#include "support/temp_dir.h"
#include "support/tiny_data_set.h"

namespace intr {
namespace {

TEST(OrderKind, HasANameThatIsReadBack) {
  for (const char* name : {"shuffle", "sequential", "window:1", "window:24"})
    EXPECT_EQ(OrderKind::parse(name).name(), name);
  EXPECT_EQ(OrderKind::parse("shuffle").identity(), "feistel8-v1");
  EXPECT_EQ(OrderKind::parse("window:24").identity(), "feistel8-v1 window:24");
  for (const char* name : {"", "window", "window:", "window:0", "window:-1", "window:2x", "random"})
    EXPECT_THROW(OrderKind::parse(name), UsageError) << name;
}

class EpochOrderTest : public testing::Test {
 protected:
  EpochOrderTest() {
    test::make_tiny_set(folder / "set", {.samples = {{"train", 23}}, .num_shards = 5});
    index = DataIndex::open(folder / "set", "train");
  }
  std::vector<std::int64_t> rows(const std::string& kind, std::int64_t epoch) {
    EpochOrder order(index, OrderKind::parse(kind), 42);
    order.begin(epoch);
    std::vector<std::int64_t> all;
    for (std::int64_t position = 0; position < index.size(); ++position)
      all.push_back(order.row(position));
    return all;
  }
  test::TempDir folder;
  DataIndex index;
};

TEST_F(EpochOrderTest, EveryKindIsABijectionAndEpochsDiffer) {
  std::vector<std::int64_t> all(23);
  std::iota(all.begin(), all.end(), 0);
  for (const char* kind : {"shuffle", "window:1", "window:2", "window:5", "window:9"}) {
    for (const std::int64_t epoch : {0, 1, 7}) {
      std::vector<std::int64_t> sorted = rows(kind, epoch);
      EXPECT_NE(sorted, all) << kind;
      std::sort(sorted.begin(), sorted.end());
      EXPECT_EQ(sorted, all) << kind;
    }
    EXPECT_NE(rows(kind, 0), rows(kind, 1)) << kind;
  }
  EXPECT_EQ(rows("sequential", 3), all);
}

TEST_F(EpochOrderTest, AShuffleFollowsTheSampleOrder) {
  const SampleOrder expected(23, 42, 5);
  const std::vector<std::int64_t> found = rows("shuffle", 5);
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_EQ(found[i], static_cast<std::int64_t>(expected.at(i)));
}

/// The definition, with tables: shards in the order of stream 1, K at a time, their samples in the
/// order of stream 2 * 2^32 + window.
TEST_F(EpochOrderTest, WindowsFollowTheirDefinition) {
  for (const std::int64_t at_a_time : {1, 2, 3}) {
    const SampleOrder shard_order(5, 42, 9, 1);
    std::vector<std::int64_t> expected;
    for (std::int64_t first = 0, window = 0; first < 5; first += at_a_time, ++window) {
      std::vector<std::int64_t> inside;
      for (std::int64_t place = first; place < std::min<std::int64_t>(5, first + at_a_time);
           ++place) {
        const auto shard =
            static_cast<std::int64_t>(shard_order.at(static_cast<std::uint64_t>(place)));
        for (std::int64_t row = 0; row < index.size(); ++row)
          if (index.shard_of(row) == shard) inside.push_back(row);
      }
      const SampleOrder order(inside.size(), 42, 9,
                              (std::uint64_t{2} << 32) + static_cast<std::uint64_t>(window));
      for (std::size_t i = 0; i < inside.size(); ++i) expected.push_back(inside[order.at(i)]);
    }
    EXPECT_EQ(rows("window:" + std::to_string(at_a_time), 9), expected) << at_a_time;
  }
}

TEST_F(EpochOrderTest, AnyPositionAtOnce) {
  const std::vector<std::int64_t> all = rows("window:2", 4);
  EpochOrder order(index, OrderKind::parse("window:2"), 42);
  order.begin(1);
  order.row(20);
  order.begin(4);
  for (const std::size_t position : {22u, 0u, 11u, 12u, 3u})
    EXPECT_EQ(order.row(static_cast<std::int64_t>(position)), all[position]);
}

TEST_F(EpochOrderTest, SaysInWhichOrderItNeedsTheShards) {
  EpochOrder order(index, OrderKind::parse("window:1"), 42);
  order.begin(3);
  std::vector<std::int64_t> seen;
  for (const std::int64_t row : rows("window:1", 3))
    if (seen.empty() || seen.back() != index.shard_of(row)) seen.push_back(index.shard_of(row));
  EXPECT_EQ(order.shards(), seen);
  EXPECT_EQ(EpochOrder(index, {}, 42).shards(), (std::vector<std::int64_t>{0, 1, 2, 3, 4}));
}

}  // namespace
}  // namespace intr

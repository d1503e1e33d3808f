// SPDX-License-Identifier: Apache-2.0
#include "intr/train/scaling_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace intr {
namespace {

constexpr double kGradients = 164e6;
constexpr Link k25GbE{30e-6, 2.6e9};
constexpr Link k100GbE{15e-6, 10e9};
constexpr Link kHdr{5e-6, 20e9};

/// The table of the model's document: milliseconds, as they are written there.
TEST(ScalingModel, GivesTheTableOfItsSource) {
  struct Row {
    std::int64_t ranks;
    double slow, middle, fast, hierarchical, six_fast, six_middle;
  };
  for (const Row& row : std::vector<Row>{{8, 111, 29, 14, 1.5, 0.4, 1.3},
                                         {512, 157, 48, 22, 3.6, 31, 92},
                                         {4096, 372, 156, 57, 3.6, 246, 737}}) {
    SCOPED_TRACE(row.ranks);
    const auto ring_ms = [&](const Link& link) {
      return 1e3 * ring_seconds(kGradients, row.ranks, link);
    };
    EXPECT_NEAR(ring_ms(k25GbE), row.slow, 0.6);
    EXPECT_NEAR(ring_ms(k100GbE), row.middle, 0.6);
    EXPECT_NEAR(ring_ms(kHdr), row.fast, 0.6);
    const Cluster cluster{row.ranks, 8, {5e-6, 200e9}, kHdr};
    EXPECT_NEAR(1e3 * hierarchical_seconds(kGradients, cluster), row.hierarchical, 0.06);
    const auto six_more_ms = [&](const Link& link) {  // the same bytes in seven messages
      return 7e3 * ring_seconds(kGradients / 7, row.ranks, link) - ring_ms(link);
    };
    EXPECT_NEAR(six_more_ms(kHdr), row.six_fast, 0.5);
    EXPECT_NEAR(six_more_ms(k100GbE), row.six_middle, 0.5);
  }
}

TEST(ScalingModel, CountsHops) {
  const Link hop{1, 1};
  EXPECT_EQ(ring_seconds(8, 4, hop), 2 * 3 + 2 * 3.0 / 4 * 8);
  EXPECT_EQ(tree_seconds(8, 4, hop), 2 * 2 + 2 * 8);
  EXPECT_EQ(tree_seconds(0, 5, hop), 2 * 3);
  EXPECT_EQ(tree_seconds(0, 1024, hop), 2 * 10);
  const Cluster cluster{4, 2, {1, 4}, hop};
  EXPECT_EQ(cluster.nodes(), 2);
  EXPECT_EQ(hierarchical_seconds(8, cluster), (2 + 8 / 4.0) + (2 + 4));
  EXPECT_EQ((Cluster{5, 2, hop, hop}.nodes()), 3) << "the last node is not full";
}

TEST(ScalingModel, AMessageTakesTheFastestWay) {
  const Link slow{1, 1}, fast{1e-3, 1e3};
  EXPECT_EQ(message_seconds(1e6, {8, 8, fast, slow}), ring_seconds(1e6, 8, fast)) << "one node";
  EXPECT_EQ(message_seconds(1e6, {8, 1, fast, slow}), ring_seconds(1e6, 8, slow));
  EXPECT_EQ(message_seconds(1, {8, 1, fast, slow}), tree_seconds(1, 8, slow));
  const Cluster both{64, 8, fast, slow};
  EXPECT_EQ(message_seconds(1e6, both), hierarchical_seconds(1e6, both));
}

TEST(ScalingModel, OnlyWhatTheBackwardPassDoesNotHideIsExposed) {
  const std::vector<double> messages = {3, 3, 1};
  EXPECT_EQ(exposed_seconds(messages, 10, 2), 1) << "the last is always";
  EXPECT_EQ(exposed_seconds(messages, 10, 8), 4 + 1);
  EXPECT_EQ(exposed_seconds(std::vector<double>{5}, 10, 10), 5);
  EXPECT_EQ(exposed_seconds({}, 10, 0), 0);
}

TEST(ScalingModel, EfficiencyFallsWithWhatIsExposedAndWithScatter) {
  EXPECT_EQ(weak_scaling_efficiency(0.5, 0, 0.01, 1), 1);
  EXPECT_DOUBLE_EQ(weak_scaling_efficiency(0.3, 0.1, 0, 8), 0.75);
  EXPECT_NEAR(straggler_seconds(0.01, 4096), 0.01 * 4.0787, 1e-5);
  EXPECT_LT(weak_scaling_efficiency(0.3, 0.1, 0.01, 8), 0.75);
}

TEST(ScalingModel, IsFiniteForEveryNumberOfRanks) {
  for (const std::int64_t ranks : {1, 8, 1024}) {
    for (const std::int64_t per_node : {1, 8}) {
      const Cluster cluster{ranks, per_node, {1e-6, 200e9}, k25GbE};
      const double seconds = message_seconds(kGradients, cluster);
      EXPECT_TRUE(std::isfinite(seconds));
      EXPECT_EQ(seconds > 0, ranks > 1);
      const double share = weak_scaling_efficiency(0.25, seconds, 0.002, ranks);
      EXPECT_GT(share, 0);
      EXPECT_LE(share, 1);
    }
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/plan_assumptions.h"

#include <gtest/gtest.h>

namespace intr {
namespace {

const CommProfile kProfile{.ranks = 8, .nodes = 4, .fit = {{9e-6, 4e9}, 0.07}};

TEST(PlanAssumptions, AProfileTellsOfTheLinkThatItMeasured) {
  for (const std::string& network : network_names()) {
    const KnownCluster assumed = know_cluster(64, 8, network, "nccl", std::nullopt);
    EXPECT_FALSE(assumed.node_measured || assumed.network_measured);
    EXPECT_GT(assumed.cluster.node.bytes_per_s, assumed.cluster.network.bytes_per_s);
  }
  const KnownCluster between = know_cluster(64, 8, "hdr", "mpi", kProfile);
  EXPECT_TRUE(between.network_measured);
  EXPECT_FALSE(between.node_measured);
  EXPECT_EQ(between.cluster.network, kProfile.fit.link);
  CommProfile one_node = kProfile;
  one_node.nodes = 1;
  const KnownCluster within = know_cluster(64, 8, "hdr", "mpi", one_node);
  EXPECT_TRUE(within.node_measured);
  EXPECT_EQ(within.cluster.node, kProfile.fit.link);
  EXPECT_NE(within.cluster.network, kProfile.fit.link);
}

TEST(PlanAssumptions, AStepIsOneThirdForward) {
  const ModelledTimes times = assumed_step(0.6);
  EXPECT_DOUBLE_EQ(times.step_s, 0.6);
  EXPECT_DOUBLE_EQ(times.backward_s, 0.4);
  EXPECT_DOUBLE_EQ(times.spread_s, 0.006);
}

TEST(PlanAssumptions, AProfileMayTellOfTheBackwardPass) {
  EXPECT_DOUBLE_EQ(step_times(std::nullopt, 24, 12).backward_s, assumed_step().backward_s);
  EXPECT_DOUBLE_EQ(step_times(kProfile, 24, 12).step_s, assumed_step().step_s);
  CommProfile measured = kProfile;
  measured.picture_backward_s = 0.5;
  const ModelledTimes times = step_times(measured, 20, 8);
  EXPECT_DOUBLE_EQ(times.backward_s, 4) << "of the last 8 of 20 pictures";
  EXPECT_DOUBLE_EQ(times.step_s, 15) << "20 backward passes and half as much before each";
  EXPECT_DOUBLE_EQ(times.spread_s, 0.15);
}

}  // namespace
}  // namespace intr

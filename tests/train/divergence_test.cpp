// SPDX-License-Identifier: Apache-2.0
#include "intr/train/divergence.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>

#include "intr/train/optimizer.h"

namespace intr {
namespace {

TEST(Divergence, NamesTheFirstTensorInTheOrderOfFiles) {
  FlatState state({{.name = "a", .shape = {3}, .group = 1}, {.name = "b", .shape = {2, 2}}},
                  at::kCPU);
  EXPECT_EQ(first_non_finite(state), "");
  state.view(state.grad(), 1)[1][0] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(first_non_finite(state), "b");
  state.view(state.grad(), 0)[2] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(first_non_finite(state), "a");
}

TEST(Divergence, TheOptimizerNamesWhatItSkipsFor) {
  FlatState state({{.name = "a", .shape = {3}}, {.name = "b", .shape = {2}}}, at::kCPU);
  Optimizer optimizer(state, {});
  EXPECT_EQ(optimizer.step({1, 1}).bad_tensor, "");
  state.view(state.grad(), 1)[0] = std::numeric_limits<float>::quiet_NaN();
  const UpdateReport skipped = optimizer.step({1, 1});
  EXPECT_FALSE(skipped.applied);
  EXPECT_EQ(skipped.bad_tensor, "b");
}

TEST(Divergence, SuspectsAreThoseWithABadLossElseAll) {
  SuspectSamples suspects;
  suspects.add({4, 7}, true);
  EXPECT_FALSE(suspects.certain());
  EXPECT_EQ(suspects.ids(), (std::vector<std::int64_t>{4, 7}));
  suspects.add({9}, false);
  suspects.add({11}, true);
  EXPECT_TRUE(suspects.certain());
  EXPECT_EQ(suspects.ids(), std::vector<std::int64_t>{9});
  suspects.clear();
  EXPECT_TRUE(suspects.ids().empty());
}

}  // namespace
}  // namespace intr

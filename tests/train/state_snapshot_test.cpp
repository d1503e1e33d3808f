// SPDX-License-Identifier: Apache-2.0
#include "intr/train/state_snapshot.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "support/small_state.h"

namespace intr {
namespace {

/// An array, read in pieces of `piece` values.
std::vector<float> read_all(const FlatValues& values, FlatArray array, std::size_t piece) {
  std::vector<float> all(values.num_values);
  for (std::size_t first = 0; first < all.size(); first += piece) {
    const std::size_t count = std::min(piece, all.size() - first);
    values.copy(array, first, std::span(all).subspan(first, count));
  }
  return all;
}

TEST(StateSnapshot, GivesWhatACheckpointHolds) {
  const auto state = test::small_state(1, {.freeze = "stem"});
  StateSnapshot snapshot(*state);
  snapshot.take();
  Checkpoint expected;
  state->snapshot(expected);
  Checkpoint head;
  snapshot.describe(head);
  EXPECT_EQ(head.frozen, expected.frozen);
  EXPECT_EQ(head.plan_parameter, expected.plan_parameter);
  EXPECT_EQ(head.plan_bucket_end, expected.plan_bucket_end);
  ASSERT_EQ(head.tensors.size(), expected.tensors.size());
  for (const std::size_t piece : {std::size_t{1} << 22, std::size_t{10'007}, std::size_t{37}}) {
    EXPECT_EQ(read_all(snapshot.values(), FlatArray::kParam, piece), expected.param) << piece;
    EXPECT_EQ(read_all(snapshot.values(), FlatArray::kExpAvg, piece), expected.exp_avg);
    EXPECT_EQ(read_all(snapshot.values(), FlatArray::kExpAvgSq, piece), expected.exp_avg_sq);
  }
}

TEST(StateSnapshot, LaterStepsDoNotReachIt) {
  const auto state = test::small_state(1);
  StateSnapshot snapshot(*state);
  snapshot.take();
  Checkpoint before;
  state->snapshot(before);
  const torch::NoGradGuard no_gradients;
  state->flat().param().add_(1);
  state->flat().exp_avg().zero_();
  EXPECT_EQ(read_all(snapshot.values(), FlatArray::kParam, 1 << 20), before.param);
  EXPECT_EQ(read_all(snapshot.values(), FlatArray::kExpAvg, 1 << 20), before.exp_avg);
  snapshot.take();
  EXPECT_NE(read_all(snapshot.values(), FlatArray::kParam, 1 << 20), before.param);
}

}  // namespace
}  // namespace intr

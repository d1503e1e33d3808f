// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/gradient_reducer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"

namespace intr {
namespace {

MpiEnvironment& environment() {
  static MpiEnvironment instance;
  return instance;
}

std::vector<FlatEntry> entries() {
  return {{"a", {300, 7}, 0, true, false},
          {"conv", {16, 8, 3, 3}, 1, true, true},
          {"b", {33}, 0, false, false}};
}

/// What "sample" s adds to the gradients: any function of s and the place will do.
at::Tensor contribution(std::int64_t sample, std::int64_t values) {
  const at::Tensor place = at::arange(values, at::kDouble);
  return (place * 0.37 + static_cast<double>(sample) * 1.7).sin().to(at::kFloat) * 0.01;
}

/// The gradients of samples [first, last) in logical order, put into a state.
void accumulate(const FlatState& state, std::int64_t first, std::int64_t last) {
  at::Tensor sum = at::zeros({state.num_values()});
  for (std::int64_t sample = first; sample < last; ++sample)
    sum += contribution(sample, state.num_values());
  state.from_logical({sum.const_data_ptr<float>(), static_cast<std::size_t>(sum.numel())},
                     state.grad());
}

constexpr std::int64_t kSamples = 13;  // no multiple of 2 or 4

struct Share {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

Share share_of(int rank, int world_size) {
  return {rank * kSamples / world_size, (rank + 1) * kSamples / world_size};
}

void reduce_and_compare(std::int64_t bucket_bytes) {
  const auto communicator = make_communicator("auto", environment());
  FlatState state(entries(), at::kCPU);
  GradientReducer reducer(state, *communicator, bucket_bytes);
  const Share share = share_of(communicator->rank(), communicator->world_size());
  accumulate(state, share.first, share.last);
  const std::int64_t mine = share.last - share.first;
  const StepSums all = reducer.finish(
      {.loss = 0.25 * static_cast<double>(mine), .hits1 = mine - 1, .hits5 = mine, .samples = mine},
      1);
  EXPECT_FALSE(all.stop);
  EXPECT_FALSE(all.non_finite);
  EXPECT_EQ(all.loss, 0.25 * kSamples);
  EXPECT_EQ(all.hits1, kSamples - communicator->world_size());
  EXPECT_EQ(all.hits5, kSamples);
  EXPECT_EQ(all.samples, kSamples);

  FlatState alone(entries(), at::kCPU);
  accumulate(alone, 0, kSamples);
  const double difference = (state.grad() - alone.grad()).abs().max().item<double>();
  EXPECT_LE(difference, 1e-5 * alone.grad().abs().max().item<double>()) << bucket_bytes;
  // The same bits on every rank.
  const at::Tensor& grad = state.grad();
  const std::uint64_t hash = xxh3_64(std::as_bytes(
      std::span(grad.const_data_ptr<float>(), static_cast<std::size_t>(grad.numel()))));
  EXPECT_NO_THROW(communicator->agree("gradients", hash, {"test"}));
}

TEST(GradientReducer, SumsLikeOneRank) {
  reduce_and_compare(32 << 20);  // one bucket
  reduce_and_compare(4096);      // several
  // A flat buffer of exactly two buckets: the tail rides in the second.
  const FlatState state(entries(), at::kCPU);
  reduce_and_compare(state.grad().numel() * 4 / 2);
  reduce_and_compare(1);  // a bucket a value
}

TEST(GradientReducer, OneRankMovesNothing) {
  if (environment().world_size() > 1) {  // then the sum over ranks replaces the values
    const auto communicator = make_communicator("auto", environment());
    FlatState state(entries(), at::kCPU);
    GradientReducer reducer(state, *communicator);
    state.parameter(2).grad().fill_(1);
    reducer.finish({}, 5);
    EXPECT_EQ(state.parameter(2).grad()[32].item<float>(),
              static_cast<float>(communicator->world_size()));
    return;
  }
  const auto communicator = make_communicator("self", environment());
  FlatState state(entries(), at::kCPU);
  GradientReducer reducer(state, *communicator);
  accumulate(state, 0, 3);
  const at::Tensor before = state.grad().clone();
  const void* place = state.grad().const_data_ptr();
  reducer.finish({.samples = 3}, 5);
  EXPECT_TRUE(at::equal(before, state.grad()));
  EXPECT_EQ(state.grad().const_data_ptr(), place);
}

TEST(GradientReducer, OneRanksWishReachesAll) {
  const auto communicator = make_communicator("auto", environment());
  FlatState state(entries(), at::kCPU);
  GradientReducer reducer(state, *communicator);
  const bool last = communicator->rank() == communicator->world_size() - 1;
  EXPECT_TRUE(reducer.finish({.stop = last}, 3).stop);
  EXPECT_FALSE(reducer.finish({.stop = false}, 4).stop);
  const StepSums sums = reducer.finish(
      {.non_finite = last, .loss = last ? std::numeric_limits<double>::quiet_NaN() : 1.0}, 5);
  EXPECT_TRUE(sums.non_finite);
  EXPECT_TRUE(std::isnan(sums.loss));
  EXPECT_FALSE(reducer.finish({.loss = 1.0}, 6).non_finite);
}

TEST(GradientReducer, CountsAreExact) {
  const auto communicator = make_communicator("auto", environment());
  FlatState state(entries(), at::kCPU);
  GradientReducer reducer(state, *communicator);
  const std::int64_t most = (1 << 22) - 1;  // four ranks stay below 2^24
  const StepSums sums = reducer.finish({.hits1 = most, .hits5 = 1, .samples = most}, 3);
  EXPECT_EQ(sums.hits1, most * communicator->world_size());
  EXPECT_EQ(sums.hits5, communicator->world_size());
  EXPECT_EQ(sums.samples, most * communicator->world_size());
  EXPECT_THROW(reducer.finish({.samples = 1 << 24}, 3), InternalError);
}

TEST(GradientReducer, FindsAGradientThatLeftItsPlace) {
  const auto communicator = make_communicator("auto", environment());
  FlatState state(entries(), at::kCPU);
  GradientReducer reducer(state, *communicator);
  state.parameter(0).mutable_grad() = at::zeros({300, 7});
  EXPECT_THROW(reducer.finish({}, 1), InternalError);
  EXPECT_THROW(reducer.finish({}, 2000), InternalError);
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/gradient_reducer.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "intr/comm/mpi_environment.h"
#include "intr/comm/self_communicator.h"
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

BucketPlan plan(std::int64_t bucket_bytes) {
  std::vector<std::int64_t> bytes;
  for (const FlatEntry& entry : entries()) bytes.push_back(4 * at::empty(entry.shape).numel());
  return plan_buckets({2, 0, 1}, bytes, {bucket_bytes, bucket_bytes, bucket_bytes, bucket_bytes});
}

void reduce_and_compare(std::int64_t bucket_bytes, std::size_t buckets) {
  const auto communicator = make_communicator("auto", environment());
  FlatState state(entries(), at::kCPU, plan(bucket_bytes));
  ASSERT_EQ(state.buckets().size(), buckets);
  GradientReducer reducer(state, *communicator);
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

  FlatState alone(entries(), at::kCPU, plan(bucket_bytes));
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
  reduce_and_compare(32 << 20, 1);
  reduce_and_compare(10'000, 2);
  reduce_and_compare(1, 3);  // a bucket a tensor
}

/// A model of one layer a tensor: its backward pass finishes b, then a, then conv.
at::Tensor loss_of(const FlatState& state, double sample) {
  at::Tensor value = at::conv2d(at::full({1, 8, 3, 3}, sample), state.parameter(1)).sum();
  value = (value * state.parameter(0)).tanh().sum();
  return (value * state.parameter(2)).sum() * 1e-3;
}

void fill_parameters(const FlatState& state) {
  const at::NoGradGuard no_grad;
  const at::Tensor values = contribution(99, state.num_values());
  state.from_logical({values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())},
                     state.param());
}

/// Two micro-batches a rank and step, of which the last sends; the rank without one sends at the
/// end.
TEST(GradientReducer, SendsWhileBackwardRuns) {
  const auto communicator = make_communicator("auto", environment());
  FlatState state(entries(), at::kCPU, plan(1));
  fill_parameters(state);
  GradientReducer reducer(state, *communicator);
  const int ranks = communicator->world_size(), mine = communicator->rank();
  const int idle = ranks > 1 ? ranks - 1 : -1;
  for (std::int64_t step = 0; step < 3; ++step) {
    state.grad().zero_();
    const StepSums sums{.samples = mine == idle ? 0 : 2};
    if (mine != idle) {
      loss_of(state, 0.1 * (2 * mine + 1)).backward();
      const at::Tensor loss = loss_of(state, 0.1 * (2 * mine + 2));
      reducer.arm({sums}, step);
      loss.backward();
    }
    EXPECT_EQ(reducer.finish(sums, step).samples, 2 * (idle < 0 ? 1 : ranks - 1));
    FlatState alone(entries(), at::kCPU, plan(1));
    fill_parameters(alone);
    for (int sample = 1; sample <= 2 * (idle < 0 ? 1 : ranks - 1); ++sample)
      loss_of(alone, 0.1 * sample).backward();
    const double difference = (state.grad() - alone.grad()).abs().max().item<double>();
    EXPECT_GT(alone.grad().abs().max().item<double>(), 0);
    EXPECT_LE(difference, 1e-5 * alone.grad().abs().max().item<double>()) << step;
  }
}

/// Gradients of [first, first + count) shards by the plain tree; shard 5 has no samples.
at::Tensor tree_sum(std::int64_t first, std::int64_t count, std::int64_t values) {
  if (count > 1)
    return tree_sum(first, count / 2, values) + tree_sum(first + count / 2, count / 2, values);
  return first == 5 ? at::zeros({values}) : contribution(first * first, values);
}

/// Losses that float32 adds to other bits in every order.
double loss_of_shard(std::int64_t shard) { return std::pow(10.0, 4 - shard) * (1.0 / 3); }

float tree_of_losses(std::int64_t first, std::int64_t count) {
  if (count == 1) return static_cast<float>(loss_of_shard(first));
  return tree_of_losses(first, count / 2) + tree_of_losses(first + count / 2, count / 2);
}

/// 8 virtual shards on 1, 2 and 4 ranks: the bits of the tree, in gradients and sums.
TEST(GradientReducer, ShardsAddTheSameOnEveryNumberOfRanks) {
  const std::int64_t shards = 8, ranks = environment().world_size();
  if (shards % ranks != 0) return;
  const auto communicator = make_communicator("fixed", environment());
  FlatState state(entries(), at::kCPU, plan(10'000));
  FlatState expected(entries(), at::kCPU, plan(10'000));
  GradientReducer reducer(state, *communicator, shards / ranks);
  const at::Tensor sum = tree_sum(0, shards, state.num_values());
  expected.from_logical({sum.const_data_ptr<float>(), static_cast<std::size_t>(sum.numel())},
                        expected.grad());
  for (std::int64_t step = 1; step <= 2; ++step) {
    state.grad().zero_();
    StepSums all;
    for (std::int64_t mine = 0; mine < shards / ranks; ++mine) {
      const std::int64_t shard = communicator->rank() * (shards / ranks) + mine;
      const at::Tensor values = tree_sum(shard, 1, state.num_values());
      state.from_logical({values.const_data_ptr<float>(), static_cast<std::size_t>(values.numel())},
                         state.grad());
      const StepSums sums{.stop = shard == 0,
                          .loss = loss_of_shard(shard),
                          .samples = shard == 5 ? 0 : 2,
                          .padded_pixels = static_cast<double>(1 << 23)};
      if (mine + 1 < shards / ranks)
        reducer.end_shard({sums});
      else
        all = reducer.finish(sums, step);
    }
    EXPECT_TRUE(all.stop);
    EXPECT_EQ(all.samples, 14);
    EXPECT_EQ(all.padded_pixels, static_cast<double>(1 << 26));
    EXPECT_EQ(static_cast<float>(all.loss), tree_of_losses(0, shards));
    EXPECT_TRUE(at::equal(state.grad(), expected.grad())) << "step " << step;
  }
}

/// A rank's last shard sends while its backward pass runs, what was added before included.
TEST(GradientReducer, TheLastShardSends) {
  const auto communicator = make_communicator("fixed", environment());
  const int ranks = communicator->world_size(), mine = communicator->rank();
  FlatState state(entries(), at::kCPU, plan(1));
  fill_parameters(state);
  GradientReducer reducer(state, *communicator, 2);
  loss_of(state, 0.1 * (2 * mine + 1)).backward();
  reducer.end_shard({{.samples = 1}});
  const at::Tensor loss = loss_of(state, 0.1 * (2 * mine + 2));
  reducer.arm({{.samples = 1}}, 1);
  loss.backward();
  EXPECT_EQ(reducer.finish({.samples = 1}, 1).samples, 2 * ranks);
  FlatState alone(entries(), at::kCPU, plan(1));
  fill_parameters(alone);
  for (int sample = 1; sample <= 2 * ranks; ++sample) loss_of(alone, 0.1 * sample).backward();
  const double difference = (state.grad() - alone.grad()).abs().max().item<double>();
  EXPECT_LE(difference, 1e-5 * alone.grad().abs().max().item<double>());
}

/// Notes the order of collectives; with them as with one rank.
class WatchedCommunicator final : public SelfCommunicator {
 public:
  std::unique_ptr<Work> allreduce(Buffer inout, Op op, StreamHandle after, Tag tag) override {
    buckets.push_back(tag.bucket);
    if (fails) throw PeerError("gone");
    return SelfCommunicator::allreduce(inout, op, after, tag);
  }
  std::vector<std::int32_t> buckets;
  bool fails = false;
};

TEST(GradientReducer, BucketsGoOutInOrderBeforeTheEnd) {
  WatchedCommunicator communicator;
  FlatState state(entries(), at::kCPU, plan(1));
  fill_parameters(state);
  GradientReducer reducer(state, communicator);
  loss_of(state, 0.3).backward();
  EXPECT_TRUE(communicator.buckets.empty()) << "only the last micro-batch sends";
  reducer.arm({}, 7);
  loss_of(state, 0.3).backward();
  EXPECT_EQ(communicator.buckets, (std::vector<std::int32_t>{0, 1, 2}));
  reducer.finish({}, 7);
  EXPECT_EQ(communicator.buckets.size(), 3U);
  // A failure in a hook is thrown where the step waits, not in autograd.
  communicator.fails = true;
  reducer.arm({}, 8);
  EXPECT_NO_THROW(loss_of(state, 0.3).backward());
  EXPECT_THROW(reducer.finish({}, 8), PeerError);
}

TEST(GradientReducer, NamesAGradientThatBackwardDidNotReach) {
  SelfCommunicator alone;
  FlatState state(entries(), at::kCPU, plan(1));
  GradientReducer reducer(state, alone);
  reducer.arm({}, 4);
  (state.parameter(0).sum() + state.parameter(2).sum()).backward();
  try {
    reducer.finish({}, 4);
    FAIL();
  } catch (const InternalError& error) {
    EXPECT_NE(std::string(error.what()).find("conv: step 4"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("0 times"), std::string::npos) << error.what();
  }
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

TEST(GradientReducer, TrustsNoSumAfterAPeerIsLost) {
  class Lonely final : public SelfCommunicator {
    void check_peers() override { throw PeerError("gone"); }
  } lonely;
  FlatState state(entries(), at::kCPU);
  EXPECT_THROW(GradientReducer(state, lonely).finish({}, 1), PeerError);
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

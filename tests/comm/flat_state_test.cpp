// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/flat_state.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "intr/core/error.h"
#include "intr/core/hash.h"

namespace intr {
namespace {

using testing::HasSubstr;

/// Groups and decay out of order, a channels-last weight, sizes that leave gaps.
std::vector<FlatEntry> entries() {
  return {{"backbone.conv.weight", {4, 3, 2, 2}, 1, true, true},
          {"head.weight", {5, 13}, 0, true, false},
          {"head.bias", {5}, 0, false, false},
          {"backbone.point.weight", {6, 4, 1, 1}, 1, true, true},
          {"scale", {}, 0, true, false}};
}

std::vector<float> counting(std::int64_t count) {
  std::vector<float> values(static_cast<std::size_t>(count));
  std::iota(values.begin(), values.end(), 1.0F);
  return values;
}

TEST(FlatState, LaysSegmentsOutByGroupAndDecay) {
  const FlatState state(entries(), at::kCPU);
  EXPECT_EQ(state.num_values(), 48 + 65 + 5 + 24 + 1);
  ASSERT_EQ(state.segments().size(), 3U);
  // group 0 with decay: head.weight (65 -> 128) and scale (1 -> 64)
  EXPECT_EQ(state.segments()[0].group, 0);
  EXPECT_TRUE(state.segments()[0].decay);
  EXPECT_EQ(state.segments()[0].begin, 0);
  EXPECT_EQ(state.segments()[0].end, 192);
  EXPECT_FALSE(state.segments()[1].decay);
  EXPECT_EQ(state.segments()[1].end, 256);
  EXPECT_EQ(state.segments()[2].group, 1);
  EXPECT_EQ(state.segments()[2].end, 384);
  EXPECT_EQ(state.param().numel(), 384);
  EXPECT_EQ(state.grad_with_tail().numel(), 384 + FlatState::kTailValues);
}

TEST(FlatState, AlignsEveryTensor) {
  const FlatState state(entries(), at::kCPU);
  for (std::int64_t i = 0; i < 5; ++i) {
    for (const at::Tensor& tensor : {state.parameter(i), state.parameter(i).grad()})
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.const_data_ptr()) % 256, 0U);
    for (const at::Tensor& buffer : {state.exp_avg(), state.exp_avg_sq()})
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.const_data_ptr()) % 256, 0U);
  }
}

TEST(FlatState, KeepsChannelsLastStridesInParametersAndGradients) {
  const FlatState state(entries(), at::kCPU);
  const at::Tensor& weight = state.parameter(0);
  EXPECT_EQ(weight.sizes(), (std::vector<std::int64_t>{4, 3, 2, 2}));
  EXPECT_EQ(weight.strides(), (std::vector<std::int64_t>{12, 1, 6, 3}));
  EXPECT_TRUE(weight.is_contiguous(at::MemoryFormat::ChannelsLast));
  EXPECT_EQ(weight.grad().strides(), weight.strides());
  EXPECT_TRUE(weight.is_leaf());
  EXPECT_TRUE(weight.requires_grad());
  EXPECT_EQ(state.parameter(4).dim(), 0);
}

TEST(FlatState, RoundTripsThroughLogicalOrder) {
  const FlatState state(entries(), at::kCPU);
  const std::vector<float> values = counting(state.num_values());
  for (const at::Tensor& buffer : {state.param(), state.grad(), state.exp_avg()}) {
    state.from_logical(values, buffer);
    std::vector<float> back(values.size());
    state.to_logical(buffer, back);
    EXPECT_EQ(back, values);
    // Each value once, gaps zero.
    EXPECT_EQ(buffer.sum().item<double>(), 143.0 * 144 / 2);
    EXPECT_EQ(buffer.count_nonzero().item<std::int64_t>(), 143);
  }
  // Logical row-major order: element [n, c, h, w] of the first tensor is 12 n + 4 c + 2 h + w + 1.
  EXPECT_EQ(state.parameter(0)[3][2][1][0].item<float>(), 12 * 3 + 4 * 2 + 2 * 1 + 0 + 1);
  EXPECT_EQ(state.parameter(1)[4][12].item<float>(), 48 + 65);
  // A copy of a buffer, as a checkpoint takes it, has another place in memory.
  std::vector<float> from_copy(values.size());
  state.to_logical(state.param().clone(), from_copy);
  EXPECT_EQ(from_copy, values);
}

TEST(FlatState, ParametersAndBuffersAreOneMemory) {
  const FlatState state(entries(), at::kCPU);
  const at::NoGradGuard no_grad;
  state.parameter(0).fill_(2);
  EXPECT_EQ(state.param().sum().item<float>(), 96);
  EXPECT_EQ(state.view(state.param(), 0).sum().item<float>(), 96);
  state.grad_with_tail().fill_(1);
  EXPECT_EQ(state.tail().sum().item<float>(), FlatState::kTailValues);
  EXPECT_EQ(state.parameter(2).grad().sum().item<float>(), 5);
}

TEST(FlatState, BackwardAddsIntoTheFlatBuffer) {
  const FlatState state(entries(), at::kCPU);
  state.from_logical(counting(state.num_values()), state.param());
  for (int pass = 1; pass <= 3; ++pass) {
    const at::Tensor loss =
        (state.parameter(0) * 2).sum() + state.parameter(1).square().sum() + state.parameter(4);
    loss.backward();
    EXPECT_NO_THROW(state.check_gradient_views());
    EXPECT_EQ(state.parameter(0).grad()[1][2][0][1].item<float>(), static_cast<float>(2 * pass));
    EXPECT_EQ(state.view(state.grad(), 1)[0][0].item<float>(), static_cast<float>(98 * pass));
    EXPECT_EQ(state.view(state.grad(), 2).count_nonzero().item<std::int64_t>(), 0);
  }
  EXPECT_EQ(state.tail().count_nonzero().item<std::int64_t>(), 0);
}

TEST(FlatState, NamesAGradientThatLeftItsPlace) {
  const FlatState state(entries(), at::kCPU);
  const at::Tensor stray = state.parameter(2);  // shares the tensor with the state
  stray.mutable_grad() = at::zeros({5});
  try {
    state.check_gradient_views();
    FAIL() << "a stray gradient was accepted";
  } catch (const InternalError& error) {
    EXPECT_THAT(error.what(), HasSubstr("head.bias"));
  }
  stray.mutable_grad() = at::Tensor();
  EXPECT_THROW(state.check_gradient_views(), InternalError);
}

TEST(FlatState, HashIsThatOfTheLogicalValues) {
  const FlatState state(entries(), at::kCPU);
  const std::vector<float> values = counting(state.num_values());
  state.from_logical(values, state.param());
  EXPECT_EQ(state.hash(), xxh3_64(std::as_bytes(std::span(values))));
  const std::uint64_t before = state.hash();
  state.grad().fill_(3);  // gradients do not count
  EXPECT_EQ(state.hash(), before);
  const at::NoGradGuard no_grad;
  state.parameter(3)[5][3][0][0].fill_(0);
  EXPECT_NE(state.hash(), before);
}

TEST(FlatState, RefusesWhatDoesNotFit) {
  const FlatState state(entries(), at::kCPU);
  std::vector<float> few(10);
  EXPECT_THROW(state.to_logical(state.param(), few), InternalError);
  EXPECT_THROW(state.from_logical(few, state.param()), InternalError);
  std::vector<float> all(static_cast<std::size_t>(state.num_values()));
  EXPECT_THROW(state.to_logical(at::zeros({3}), all), InternalError);
  EXPECT_THROW(FlatState({{"w", {2, 3}, 0, true, true}}, at::kCPU), InternalError);
  EXPECT_THROW(FlatState({{"w", {0}, 0, true, false}}, at::kCPU), InternalError);
}

TEST(FlatState, MayBeEmpty) {
  const FlatState state({}, at::kCPU);
  EXPECT_EQ(state.num_values(), 0);
  EXPECT_TRUE(state.segments().empty());
  EXPECT_NO_THROW(state.hash());
}

}  // namespace
}  // namespace intr

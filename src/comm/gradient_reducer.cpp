// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/gradient_reducer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"

namespace intr {
namespace {

/// Whole numbers up to here are exact in float32, and so are their sums.
constexpr std::int64_t kExactCounts = 1 << 24;

float exact(std::int64_t count) {
  if (count < 0 || count >= kExactCounts)
    throw InternalError(fmt::format("a count of {} in one step", count));
  return static_cast<float>(count);
}

std::int64_t count(float sum) { return std::llround(sum); }

}  // namespace

GradientReducer::GradientReducer(FlatState& state, Communicator& communicator,
                                 std::int64_t bucket_bytes)
    : state_(state),
      communicator_(communicator),
      bucket_values_(std::max<std::int64_t>(1, bucket_bytes / 4)) {}

StepSums GradientReducer::finish(const StepSums& mine, std::int64_t step) {
  if (step <= 2 || step % 1000 == 0) state_.check_gradient_views();
  put(mine);
  auto* values = static_cast<float*>(state_.grad_with_tail().mutable_data_ptr());
  const std::int64_t gradients = state_.grad().numel();
  const std::int64_t total = state_.grad_with_tail().numel();
  std::vector<std::unique_ptr<Work>> works;
  std::int64_t begin = 0;
  do {
    // The tail never travels alone.
    const std::int64_t end = begin + bucket_values_ >= gradients ? total : begin + bucket_values_;
    const Buffer bucket{values + begin, checked_cast<std::size_t>(end - begin), ElementType::f32};
    const Tag tag{"gradients", step, checked_cast<std::int32_t>(works.size())};
    works.push_back(communicator_.allreduce(bucket, Op::sum, nullptr, tag));
    begin = end;
  } while (begin < total);
  for (const auto& work : works) work->make_wait(nullptr);
  return take();
}

void GradientReducer::put(const StepSums& mine) {
  std::array<float, FlatState::kTailValues> sums = {mine.stop ? 1.0F : 0.0F,
                                                    mine.non_finite ? 1.0F : 0.0F,
                                                    static_cast<float>(mine.loss),
                                                    exact(mine.hits1),
                                                    exact(mine.hits5),
                                                    exact(mine.samples),
                                                    0.0F,
                                                    0.0F};
  state_.tail().copy_(at::from_blob(sums.data(), {FlatState::kTailValues}, at::kFloat));
}

StepSums GradientReducer::take() const {
  std::array<float, FlatState::kTailValues> sums = {};
  // The one place of a step where the host waits for the device.
  at::from_blob(sums.data(), {FlatState::kTailValues}, at::kFloat).copy_(state_.tail());
  return {.stop = sums[0] > 0,
          .non_finite = sums[1] > 0,
          .loss = static_cast<double>(sums[2]),
          .hits1 = count(sums[3]),
          .hits5 = count(sums[4]),
          .samples = count(sums[5])};
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/gradient_reducer.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

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

std::array<float, FlatState::kTailValues> StepSums::packed() const {
  return {stop ? 1.0F : 0.0F,
          non_finite ? 1.0F : 0.0F,
          static_cast<float>(loss),
          exact(hits1),
          exact(hits5),
          exact(samples),
          static_cast<float>(picture_pixels),
          static_cast<float>(padded_pixels)};
}

StepSums StepSums::unpacked(std::span<const float, FlatState::kTailValues> values) {
  return {.stop = values[0] > 0,
          .non_finite = values[1] > 0,
          .loss = static_cast<double>(values[2]),
          .hits1 = count(values[3]),
          .hits5 = count(values[4]),
          .samples = count(values[5]),
          .picture_pixels = static_cast<double>(values[6]),
          .padded_pixels = static_cast<double>(values[7])};
}

GradientReducer::GradientReducer(FlatState& state, Communicator& communicator,
                                 std::int64_t num_shards)
    : state_(state),
      communicator_(communicator),
      shards_(state.grad_with_tail(), num_shards),
      hooks_(state.parameters(), [this](std::size_t entry) { ready(entry); }) {}

GradientReducer::~GradientReducer() {
  if (std::uncaught_exceptions() > 0) {
    // Other ranks may never come, and a sum under way may still write: its memory stays until the
    // process ends.
    static_cast<void>(new at::Tensor(state_.grad_with_tail()));
    return;
  }
  for (const auto& work : works_) {
    try {
      work->wait();
    } catch (...) {  // whoever waited for the step has heard of it
    }
  }
}

void GradientReducer::end_shard(const Share& shard) {
  put(shard);
  shards_.take();
}

void GradientReducer::arm(const Share& mine, std::int64_t step) {
  put(mine);
  const std::lock_guard lock(mutex_);
  step_ = step;
  times_.assign(state_.entries().size(), 0);
  missing_.clear();
  for (const FlatState::Bucket& bucket : state_.buckets()) missing_.push_back(bucket.num_tensors);
  armed_ = true;
}

/// One gradient is finished.
void GradientReducer::ready(std::size_t entry) noexcept {
  const std::lock_guard lock(mutex_);
  if (!armed_ || failure_) return;
  try {
    const auto bucket =
        static_cast<std::size_t>(state_.bucket_of(static_cast<std::int64_t>(entry)));
    ++times_[entry];
    --missing_[bucket];
    while (works_.size() < missing_.size() && missing_[works_.size()] == 0) launch_next();
  } catch (...) {
    failure_ = std::current_exception();
  }
}

void GradientReducer::launch_next() {
  const std::size_t number = works_.size();
  const FlatState::Bucket& bucket = state_.buckets()[number];
  const bool last = number + 1 == state_.buckets().size();
  const std::int64_t end = last ? state_.grad_with_tail().numel() : bucket.end;
  shards_.finish(bucket.begin, end);
  auto* values = static_cast<float*>(state_.grad_with_tail().mutable_data_ptr());
  works_.push_back(communicator_.allreduce(
      {values + bucket.begin, checked_cast<std::size_t>(end - bucket.begin), ElementType::f32},
      Op::sum, nullptr, {"gradients", step_, checked_cast<std::int32_t>(number)}));
}

void GradientReducer::require_each_once() {
  for (std::size_t entry = 0; entry < times_.size(); ++entry) {
    if (times_[entry] == 1) continue;
    throw InternalError(fmt::format("step {}: the backward pass finished this gradient {} times",
                                    step_, times_[entry]),
                        state_.entries()[entry].name);
  }
}

void GradientReducer::sum(const Share& mine, std::int64_t step) {
  // A view once lost stays lost: looking at the first steps and now and then is enough.
  if (step <= 2 || step % 1000 == 0) state_.check_gradient_views();
  std::vector<std::unique_ptr<Work>> works;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    if (armed_) require_each_once();
    if (!armed_) put(mine);
    armed_ = false;
    step_ = step;
    while (works_.size() < state_.buckets().size()) launch_next();
    works.swap(works_);
  }
  shards_.restart();
  for (const auto& work : works) work->make_wait(nullptr);
}

void GradientReducer::require_whole() {
  // A collective that was given up ends, too, and leaves anything in the buffer.
  communicator_.check_peers();
}

StepSums GradientReducer::finish(const StepSums& mine, std::int64_t step) {
  sum({mine}, step);
  std::array<float, FlatState::kTailValues> sums = {};
  at::from_blob(sums.data(), {FlatState::kTailValues}, at::kFloat).copy_(state_.tail());
  require_whole();
  return StepSums::unpacked(sums);
}

void GradientReducer::put(const Share& mine) {
  const at::NoGradGuard no_grad;
  std::array<float, FlatState::kTailValues> known = mine.known.packed();
  // So small a copy is taken at once and waits for nothing.
  state_.tail().copy_(at::from_blob(known.data(), {FlatState::kTailValues}, at::kFloat),
                      /*non_blocking=*/true);
  if (mine.measured.defined()) state_.tail().add_(mine.measured);
}

}  // namespace intr

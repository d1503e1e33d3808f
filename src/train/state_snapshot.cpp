// SPDX-License-Identifier: Apache-2.0
#include "intr/train/state_snapshot.h"

#include <torch/torch.h>

#include <algorithm>

#include "intr/core/checked_cast.h"

namespace intr {
namespace {

at::Tensor room_for(const at::Tensor& buffer) {
  const auto options =
      at::TensorOptions().dtype(at::kFloat).pinned_memory(buffer.device().is_cuda());
  return at::empty(buffer.sizes(), options).zero_();
}

/// Values [first, first + out.size()) of a tensor's logical order. Its dimensions may lie in any
/// order in memory: a counter of four digits walks along.
void copy_strided(const at::Tensor& tensor, std::uint64_t first, std::span<float> out) {
  const float* values = tensor.const_data_ptr<float>();
  if (tensor.is_contiguous()) {
    std::copy_n(values + first, out.size(), out.data());
    return;
  }
  const auto sizes = tensor.sizes();
  const auto strides = tensor.strides();
  std::vector<std::int64_t> digits(sizes.size());
  auto rest = static_cast<std::int64_t>(first);
  std::int64_t offset = 0;
  for (std::size_t d = sizes.size(); d-- > 0;) {
    digits[d] = rest % sizes[d];
    rest /= sizes[d];
    offset += digits[d] * strides[d];
  }
  for (float& value : out) {
    value = values[offset];
    for (std::size_t d = sizes.size(); d-- > 0;) {
      offset += strides[d];
      if (++digits[d] < sizes[d]) break;
      offset -= sizes[d] * strides[d];
      digits[d] = 0;
    }
  }
}

}  // namespace

StateSnapshot::StateSnapshot(const TrainingState& state)
    : state_(state),
      param_(room_for(state.flat().param())),
      exp_avg_(room_for(state.flat().exp_avg())),
      exp_avg_sq_(room_for(state.flat().exp_avg_sq())) {
  std::uint64_t next = 0;
  for (const FlatEntry& entry : state.flat().entries()) {
    first_.push_back(next);
    std::uint64_t values = 1;
    for (const std::int64_t extent : entry.shape) values *= static_cast<std::uint64_t>(extent);
    next += values;
  }
  state.describe(head_);
}

void StateSnapshot::take() {
  const torch::NoGradGuard no_gradients;
  const FlatState& flat = state_.flat();
  param_.copy_(flat.param());
  exp_avg_.copy_(flat.exp_avg());
  exp_avg_sq_.copy_(flat.exp_avg_sq());
}

void StateSnapshot::describe(Checkpoint& head) const {
  head.tensors = head_.tensors;
  head.frozen = head_.frozen;
  head.plan_parameter = head_.plan_parameter;
  head.plan_bucket_end = head_.plan_bucket_end;
}

const at::Tensor& StateSnapshot::buffer(FlatArray array) const {
  return array == FlatArray::kParam ? param_ : array == FlatArray::kExpAvg ? exp_avg_ : exp_avg_sq_;
}

void StateSnapshot::copy_logical(FlatArray array, std::uint64_t first, std::span<float> out) const {
  const torch::NoGradGuard no_gradients;  // belongs to the thread
  auto entry = std::upper_bound(first_.begin(), first_.end(), first) - first_.begin() - 1;
  while (!out.empty()) {
    const at::Tensor tensor = state_.flat().view(buffer(array), entry);
    const std::uint64_t inside = first - first_[static_cast<std::size_t>(entry)];
    const std::uint64_t left = checked_cast<std::uint64_t>(tensor.numel()) - inside;
    const std::size_t count = std::min<std::uint64_t>(left, out.size());
    copy_strided(tensor, inside, out.first(count));
    out = out.subspan(count);
    first += count;
    ++entry;
  }
}

FlatValues StateSnapshot::values() const {
  return {.num_values = checked_cast<std::uint64_t>(state_.flat().num_values()),
          .copy = [this](FlatArray array, std::uint64_t first, std::span<float> out) {
            copy_logical(array, first, out);
          }};
}

}  // namespace intr

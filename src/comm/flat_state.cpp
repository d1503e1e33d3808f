// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/flat_state.h"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"

namespace intr {
namespace {

constexpr std::int64_t kAlignBytes = 256;
constexpr std::int64_t kAlignValues = kAlignBytes / 4;

std::int64_t aligned(std::int64_t values) {
  return (values + kAlignValues - 1) / kAlignValues * kAlignValues;
}

std::int64_t num_values_of(const FlatEntry& entry) {
  return std::accumulate(entry.shape.begin(), entry.shape.end(), std::int64_t{1},
                         std::multiplies<>());
}

std::vector<std::int64_t> strides_of(const FlatEntry& entry) {
  const std::vector<std::int64_t>& shape = entry.shape;
  if (entry.channels_last) {
    return {shape[1] * shape[2] * shape[3], 1, shape[3] * shape[1], shape[1]};
  }
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

void check(const FlatEntry& entry) {
  if (entry.channels_last && entry.shape.size() != 4)
    throw InternalError("channels-last needs four dimensions", entry.name);
  if (std::any_of(entry.shape.begin(), entry.shape.end(), [](auto size) { return size < 1; }))
    throw InternalError("a trainable tensor without values", entry.name);
}

/// Zeros that begin at a multiple of 256 bytes; allocators promise less.
at::Tensor aligned_zeros(std::int64_t values, at::Device device) {
  const at::Tensor whole =
      at::zeros({values + kAlignValues}, at::TensorOptions().dtype(at::kFloat).device(device));
  const auto address = reinterpret_cast<std::uintptr_t>(whole.const_data_ptr());
  const std::uintptr_t over = address % kAlignBytes;
  const auto shift = checked_cast<std::int64_t>(over == 0 ? 0 : (kAlignBytes - over) / 4);
  return whole.narrow(0, shift, values);
}

}  // namespace

FlatState::FlatState(std::vector<FlatEntry> entries, at::Device device, BucketPlan plan)
    : entries_(std::move(entries)),
      offsets_(entries_.size()),
      plan_(std::move(plan)),
      bucket_of_(plan_.bucket_of(entries_.size(), "the bucket plan")) {
  const at::NoGradGuard no_grad;
  const std::int64_t end = lay_out();

  param_ = aligned_zeros(end, device);
  grad_with_tail_ = aligned_zeros(end + kTailValues, device);
  grad_ = grad_with_tail_.narrow(0, 0, end);
  tail_ = grad_with_tail_.narrow(0, end, kTailValues);
  exp_avg_ = aligned_zeros(end, device);
  exp_avg_sq_ = aligned_zeros(end, device);

  parameters_.reserve(entries_.size());
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    const auto entry = checked_cast<std::int64_t>(index);
    at::Tensor parameter = view(param_, entry).detach();
    parameter.set_requires_grad(true);
    // Backward adds to a gradient that is there in place, so the view lasts.
    parameter.mutable_grad() = view(grad_, entry).detach();
    parameters_.push_back(std::move(parameter));
  }
}

/// Gives every entry its place. @return values of a buffer
std::int64_t FlatState::lay_out() {
  std::vector<std::size_t> order(plan_.parameter.begin(), plan_.parameter.end());
  if (plan_.empty()) {
    order.resize(entries_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
  }
  std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
    return std::tuple(bucket_of_[a], entries_[a].group, !entries_[a].decay) <
           std::tuple(bucket_of_[b], entries_[b].group, !entries_[b].decay);
  });
  std::int64_t end = 0;
  for (const std::size_t index : order) {
    const FlatEntry& entry = entries_[index];
    check(entry);
    if (buckets_.size() <= bucket_of_[index]) buckets_.push_back({end, end, 0});
    if (segments_.empty() || segments_.back().group != entry.group ||
        segments_.back().decay != entry.decay) {
      segments_.push_back({entry.group, entry.decay, end, end});
    }
    offsets_[index] = end;
    num_values_ += num_values_of(entry);
    end += aligned(num_values_of(entry));
    segments_.back().end = buckets_.back().end = end;
    ++buckets_.back().num_tensors;
  }
  return end;
}

at::Tensor FlatState::view(const at::Tensor& buffer, std::int64_t entry) const {
  const auto index = checked_cast<std::size_t>(entry);
  if (buffer.numel() != param_.numel()) throw InternalError("a buffer of another layout");
  return buffer.as_strided(entries_.at(index).shape, strides_of(entries_.at(index)),
                           buffer.storage_offset() + offsets_.at(index));
}

void FlatState::to_logical(const at::Tensor& buffer, std::span<float> values) const {
  if (checked_cast<std::int64_t>(values.size()) != num_values_)
    throw InternalError(fmt::format("{} values for {}", values.size(), num_values_));
  const at::NoGradGuard no_grad;
  float* out = values.data();
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    at::Tensor target = at::from_blob(out, entries_[index].shape, at::kFloat);
    target.copy_(view(buffer, checked_cast<std::int64_t>(index)));
    out += target.numel();
  }
}

void FlatState::from_logical(std::span<const float> values, const at::Tensor& buffer) const {
  if (checked_cast<std::int64_t>(values.size()) != num_values_)
    throw InternalError(fmt::format("{} values for {}", values.size(), num_values_));
  const at::NoGradGuard no_grad;
  // from_blob takes a non-const pointer; it is only read.
  auto* in = const_cast<float*>(values.data());
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    const at::Tensor source = at::from_blob(in, entries_[index].shape, at::kFloat);
    view(buffer, checked_cast<std::int64_t>(index)).copy_(source);
    in += source.numel();
  }
}

void FlatState::check_gradient_views() const {
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    const at::Tensor& gradient = parameters_[index].grad();
    const auto* place = static_cast<const float*>(grad_.const_data_ptr()) + offsets_[index];
    if (gradient.defined() && gradient.const_data_ptr() == place &&
        gradient.strides() == parameters_[index].strides()) {
      continue;
    }
    throw InternalError("the gradient is no longer a view of the flat buffer",
                        entries_[index].name);
  }
}

std::uint64_t FlatState::hash() const {
  std::vector<float> values(checked_cast<std::size_t>(num_values_));
  to_logical(param_, values);
  return xxh3_64(std::as_bytes(std::span(values)));
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/comm/bucket_plan.h"

namespace intr {

/// A trainable tensor and where it belongs.
struct FlatEntry {
  std::string name;
  std::vector<std::int64_t> shape;
  std::uint8_t group = 0;      ///< learning-rate group
  bool decay = true;           ///< weight decay applies
  bool channels_last = false;  ///< four dimensions, stored channels-last
};

/// The training state of all trainable tensors: four flat float32 buffers of one layout
/// (parameters, gradients, both Adam moments). Tensors are views into them; each starts at a
/// multiple of 256 bytes; gaps are zero for ever. Tensors of a bucket lie together. Files and
/// hashes use logical row-major order, one tensor after another in the order of the entries,
/// without gaps.
class FlatState {
 public:
  /// All four buffers are zero at first.
  /// @param entries in the order of files; inside the buffers they are sorted by (bucket, group,
  /// decay), then by their place in the plan
  /// @throws DataError naming the checkpoint if the plan is not of these entries
  FlatState(std::vector<FlatEntry> entries, at::Device device, BucketPlan plan = {});
  FlatState(const FlatState&) = delete;  // parameters and gradients are views into this one
  FlatState& operator=(const FlatState&) = delete;

  /// A contiguous stretch of the buffers that shares learning rate and decay.
  struct Segment {
    std::uint8_t group = 0;
    bool decay = true;
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };

  /// Gradients that travel together: values [begin, end) of grad().
  struct Bucket {
    std::int64_t begin = 0;
    std::int64_t end = 0;
    std::int64_t num_tensors = 0;
  };
  const BucketPlan& plan() const noexcept { return plan_; }
  /// In the order in which backward passes finish them.
  const std::vector<Bucket>& buckets() const noexcept { return buckets_; }
  std::int64_t bucket_of(std::int64_t entry) const {
    return bucket_of_.at(static_cast<std::size_t>(entry));
  }

  const std::vector<FlatEntry>& entries() const noexcept { return entries_; }
  const std::vector<Segment>& segments() const noexcept { return segments_; }
  /// Values of all tensors, without gaps.
  std::int64_t num_values() const noexcept { return num_values_; }

  /// The parameter as a leaf that requires gradients; its gradient is a view into grad().
  const at::Tensor& parameter(std::int64_t entry) const {
    return parameters_.at(static_cast<std::size_t>(entry));
  }
  const std::vector<at::Tensor>& parameters() const noexcept { return parameters_; }
  const at::Tensor& param() const noexcept { return param_; }
  const at::Tensor& grad() const noexcept { return grad_; }
  /// kTailValues floats right behind grad(), in the same memory: what rides with the gradients.
  const at::Tensor& tail() const noexcept { return tail_; }
  static constexpr std::int64_t kTailValues = 8;
  /// grad() and tail() as one.
  const at::Tensor& grad_with_tail() const noexcept { return grad_with_tail_; }
  const at::Tensor& exp_avg() const noexcept { return exp_avg_; }
  const at::Tensor& exp_avg_sq() const noexcept { return exp_avg_sq_; }

  /// Copies one of the four buffers, or a copy of one, to and from logical order.
  /// @param values num_values() floats
  void to_logical(const at::Tensor& buffer, std::span<float> values) const;
  void from_logical(std::span<const float> values, const at::Tensor& buffer) const;

  /// The values of one entry inside a buffer, in its shape.
  at::Tensor view(const at::Tensor& buffer, std::int64_t entry) const;

  /// Every parameter's gradient must still be its view of grad(). @throws InternalError naming the
  /// tensor
  void check_gradient_views() const;
  /// XXH3-64 of the parameters in logical order: equal on all ranks or something is wrong.
  std::uint64_t hash() const;

 private:
  std::int64_t lay_out();

  std::vector<FlatEntry> entries_;
  std::vector<std::int64_t> offsets_;
  BucketPlan plan_;
  std::vector<std::uint32_t> bucket_of_;  ///< of each entry
  std::vector<Bucket> buckets_;
  std::vector<Segment> segments_;
  std::vector<at::Tensor> parameters_;
  std::int64_t num_values_ = 0;
  at::Tensor param_, grad_, tail_, grad_with_tail_, exp_avg_, exp_avg_sq_;
};

}  // namespace intr

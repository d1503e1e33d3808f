// SPDX-License-Identifier: Apache-2.0
#include "intr/model/frozen_batch_norm.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/rsqrt.h>
#include <c10/core/GradMode.h>

#include "intr/model/pointwise.h"
#include "intr/model/reference_math.h"

namespace intr {

FrozenBatchNorm::FrozenBatchNorm(TensorCursor& tensors)
    : weight(tensors.next()),
      bias(tensors.next()),
      running_mean(tensors.next()),
      running_var(tensors.next()) {}

at::Tensor FrozenBatchNorm::scale() const { return weight * at::rsqrt(running_var + 1e-5); }

at::Tensor FrozenBatchNorm::shift(const at::Tensor& scale) const {
  return bias - running_mean * scale;
}

NormedConvolution::NormedConvolution(TensorCursor& tensors, std::int64_t stride,
                                     std::int64_t padding, std::int64_t dilation)
    : weight_(tensors.next()),
      norm_(tensors),
      stride_(stride),
      padding_(padding),
      dilation_(dilation) {
  refresh();
}

void NormedConvolution::refresh() {
  const c10::NoGradGuard constants;
  const at::Tensor scale = norm_.scale();
  scale_ = scale.view({-1, 1, 1, 1});
  shift_ = norm_.shift(scale);
  folded_ = weight_.requires_grad() ? at::Tensor()
                                    : (weight_ * scale_).contiguous(at::MemoryFormat::ChannelsLast);
}

at::Tensor NormedConvolution::forward(const at::Tensor& x) const {
  if (reference_math())
    return at::conv2d(x, weight_.to(x.scalar_type()), {}, stride_, padding_, dilation_) *
               scale_.view({1, -1, 1, 1}).to(x.scalar_type()) +
           shift_.view({1, -1, 1, 1}).to(x.scalar_type());
  const at::Tensor weight = folded_.defined() ? folded_ : weight_ * scale_;  // in float32
  const at::Tensor in_type = weight.to(x.scalar_type());
  const at::Tensor shift = shift_.to(x.scalar_type());
  if (weight.size(2) == 1 && stride_ == 1) return pointwise_convolution(x, in_type, shift);
  return at::conv2d(x, in_type, shift, stride_, padding_, dilation_);
}

at::Tensor NormedConvolution::convolve(const at::Tensor& x) const {
  return at::conv2d(x, weight_, {}, stride_, padding_, dilation_);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/frozen_batch_norm.h"

#include <torch/torch.h>

#include "intr/model/dropout.h"
#include "intr/model/pointwise.h"
#include "intr/model/reference_math.h"

namespace intr {
namespace {

/// weight * scale in another type, one pass each way instead of two.
struct Folded : torch::autograd::Function<Folded> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& weight,
                            const at::Tensor& scale, at::ScalarType type) {
    context->saved_data["scale"] = scale;
    at::Tensor product = at::empty_like(weight, weight.options().dtype(type));
    return at::mul_out(product, weight, scale);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    return {grads[0] * context->saved_data["scale"].toTensor(), {}, {}};  // in float32
  }
};

}  // namespace

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
      shape_{.stride = stride, .padding = padding, .dilation = dilation} {
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

at::Tensor NormedConvolution::folded(at::ScalarType type) const {
  return folded_.defined() ? folded_.to(type) : Folded::apply(weight_, scale_, type);
}

at::Tensor NormedConvolution::forward(const at::Tensor& x) const {
  if (reference_math())
    return at::conv2d(x, weight_.to(x.scalar_type()), {}, shape_.stride, shape_.padding,
                      shape_.dilation) *
               scale_.view({1, -1, 1, 1}).to(x.scalar_type()) +
           shift_.view({1, -1, 1, 1}).to(x.scalar_type());
  const at::Tensor weight = folded(x.scalar_type());
  const at::Tensor shift = shift_.to(x.scalar_type());
  if (weight.size(2) == 1 && shape_.stride == 1) return pointwise_convolution(x, weight, shift);
  return at::conv2d(x, weight, shift, shape_.stride, shape_.padding, shape_.dilation);
}

at::Tensor NormedConvolution::forward_relu(const at::Tensor& x) const {
  if (!convolution_fuses(x, weight_)) return forward(x).relu_();
  return convolution_relu(x, folded(x.scalar_type()), shift_.to(x.scalar_type()), shape_);
}

at::Tensor NormedConvolution::forward_add_relu(const at::Tensor& x,
                                               const at::Tensor& shortcut) const {
  const bool suits = shortcut.is_contiguous(at::MemoryFormat::ChannelsLast) &&
                     shortcut.scalar_type() == x.scalar_type() &&
                     (x.is_cuda() || !at::GradMode::is_enabled() || !shortcut.requires_grad());
  if (!suits || !convolution_fuses(x, weight_)) return add_relu(forward(x), shortcut);
  return convolution_add_relu(x, folded(x.scalar_type()), shift_.to(x.scalar_type()), shape_,
                              shortcut);
}

at::Tensor NormedConvolution::convolve(const at::Tensor& x) const {
  return at::conv2d(x, weight_, {}, shape_.stride, shape_.padding, shape_.dilation);
}

}  // namespace intr

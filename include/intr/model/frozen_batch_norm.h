// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "intr/model/fused_convolution.h"
#include "intr/model/tensor_cursor.h"

namespace intr {

/// Batch norm whose statistics and affine terms are constants: y = x g + (bias - mean g) with
/// g = weight / sqrt(var + 1e-5).
struct FrozenBatchNorm {
  explicit FrozenBatchNorm(TensorCursor& tensors);
  at::Tensor weight, bias, running_mean, running_var;  ///< [channels] each

  at::Tensor scale() const;                         ///< g, [channels]
  at::Tensor shift(const at::Tensor& scale) const;  ///< bias - mean g, [channels]
};

/// A convolution without bias and the frozen norm behind it, run as one convolution whose weight
/// is multiplied by g and whose bias is the norm's shift.
///
/// A weight that trains is multiplied inside autograd in each forward pass, so that its gradient
/// is exact: training the product would rescale it. A weight that does not train is multiplied
/// once.
class NormedConvolution {
 public:
  NormedConvolution(TensorCursor& tensors, std::int64_t stride, std::int64_t padding,
                    std::int64_t dilation = 1);
  /// @param x [B, in, H, W], channels-last  @return [B, out, H', W'], channels-last
  at::Tensor forward(const at::Tensor& x) const;
  /// max(forward(x), 0)
  at::Tensor forward_relu(const at::Tensor& x) const;
  /// max(forward(x) + shortcut, 0). @param shortcut like the result; its memory may be used for it
  at::Tensor forward_add_relu(const at::Tensor& x, const at::Tensor& shortcut) const;
  /// Convolution alone, without the norm.
  at::Tensor convolve(const at::Tensor& x) const;
  /// Folds anew after weights or statistics were overwritten.
  void refresh();

  FrozenBatchNorm& norm() noexcept { return norm_; }
  const FrozenBatchNorm& norm() const noexcept { return norm_; }

 private:
  at::Tensor folded(at::ScalarType type) const;

  at::Tensor weight_;  ///< [out, in, k, k]
  FrozenBatchNorm norm_;
  ConvolutionShape shape_;
  at::Tensor scale_;   ///< [out, 1, 1, 1]
  at::Tensor shift_;   ///< [out]
  at::Tensor folded_;  ///< weight_ * scale_; undefined if the weight trains
};

}  // namespace intr

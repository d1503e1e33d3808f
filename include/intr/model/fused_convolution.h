// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace intr {

/// The same on both axes.
struct ConvolutionShape {
  std::int64_t stride = 1, padding = 0, dilation = 1;
};

/// Whether a convolution can be one operation with what follows it: channels-last, on a CPU where
/// nothing records gradients (oneDNN), on a GPU always (cuDNN).
bool convolution_fuses(const at::Tensor& x, const at::Tensor& weight);

/// max(x * weight + bias, 0). Needs convolution_fuses(x, weight). Gradients reach x and weight.
/// @param x [B, in, H, W]  @param weight [out, in, k, k]  @param bias [out]
/// @return [B, out, H', W'], channels-last
at::Tensor convolution_relu(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const ConvolutionShape& shape);
/// max(x * weight + bias + sum, 0); the gradient reaches `sum`, too. On a CPU in the memory of
/// `sum`.
/// @param sum [B, out, H', W'], channels-last, in the type of x
at::Tensor convolution_add_relu(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& bias, const ConvolutionShape& shape,
                                at::Tensor sum);

}  // namespace intr

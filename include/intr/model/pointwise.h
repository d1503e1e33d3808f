// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

namespace intr {

/// A convolution with kernel and stride 1.
/// @param x [B, in, H, W], channels-last  @param weight [out, in, 1, 1]  @param bias [out]
/// @return [B, out, H, W], channels-last
at::Tensor pointwise_convolution(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias);

/// x W^T + b, computed in the type of x.
/// @param x [B, rows, in]  @param weight [out, in]  @param bias [out]  @return [B, rows, out]
at::Tensor linear_in_type_of(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);

}  // namespace intr

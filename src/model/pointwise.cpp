// SPDX-License-Identifier: Apache-2.0
#include "intr/model/pointwise.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_unsafe_view.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>

#include <algorithm>

#include "intr/model/reference_math.h"

namespace intr {
namespace {

/// From so many cells oneDNN is faster than a plain matrix product: it reorders the weight first.
constexpr std::int64_t kManyCells = 256;
/// The same of one image, where others may be in the batch.
constexpr std::int64_t kManyCellsOfAnImage = 128;
/// LibTorch gives no smaller convolution of one picture to oneDNN.
constexpr std::int64_t kManyValues = 20'480;

/// Where nothing records gradients an image is computed in one way, whatever else is in the batch.
bool suits_onednn(const at::Tensor& x, std::int64_t channels) {
  if (reference_math() || !x.is_cpu() || x.scalar_type() != at::kFloat) return false;
  const bool training = at::GradMode::is_enabled();
  const std::int64_t values =
      training ? x.numel() : x.numel() / std::max<std::int64_t>(1, x.size(0));
  return values > kManyValues && values >= (training ? kManyCells : kManyCellsOfAnImage) * channels;
}

}  // namespace

at::Tensor pointwise_convolution(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& bias) {
  // On one thread LibTorch leaves convolutions of kernel 1 to its matrix product, which is slower
  // than oneDNN's kernels, but it asks oneDNN for dilated ones. Kernel 1 has nothing to dilate.
  // Dilated ones that are too small for oneDNN would be very slow.
  const std::int64_t dilation = suits_onednn(x, x.size(1)) ? 2 : 1;
  return at::conv2d(x, weight, bias, {1, 1}, at::IntArrayRef{0, 0}, {dilation, dilation});
}

at::Tensor linear_in_type_of(const at::Tensor& x, const at::Tensor& weight,
                             const at::Tensor& bias) {
  const at::Tensor w = weight.to(x.scalar_type());
  const at::Tensor b = bias.to(x.scalar_type());
  if (!suits_onednn(x, x.size(-1))) return at::linear(x, w, b);
  const at::Tensor cells =
      x.reshape({1, 1, -1, x.size(-1)}).permute({0, 3, 1, 2});  // [1, in, 1, n]
  const at::Tensor mapped = pointwise_convolution(cells, w.unsqueeze(-1).unsqueeze(-1), b);
  // Not a view for autograd: what changes it in place need not reach through to the convolution.
  return at::_unsafe_view(mapped.permute({0, 2, 3, 1}), {x.size(0), x.size(1), w.size(0)});
}

}  // namespace intr

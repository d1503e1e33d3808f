// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/value_attribution.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "intr/attention/map_extractor.h"
#include "intr/core/error.h"

namespace intr {
namespace {

constexpr double kTolerance = 1e-4;
constexpr double kReducedTolerance = 0.05;

std::vector<double> to_doubles(const at::Tensor& values) {
  const at::Tensor flat = values.to(at::kCPU, at::kDouble).contiguous();
  const double* first = flat.const_data_ptr<double>();
  return {first, first + flat.numel()};
}

/// dz / do of one query. @return [D]
at::Tensor gradient_at_output(const Intr& model, const IntrOutput& encoded,
                              const CrossAttentionCapture& capture, std::int64_t query) {
  const at::AutoGradMode recording(true);
  const at::Tensor state = capture.state.narrow(1, query, 1).detach();
  const at::Tensor output = capture.output.narrow(1, query, 1).detach().requires_grad_();
  const at::Tensor logit = model.decode_on(capture.layer, state, output, encoded);  // [1, 1]
  return torch::autograd::grad({logit.sum()}, {output})[0].flatten();
}

}  // namespace

ValueAttribution attribute_values(const Intr& model, const IntrOutput& encoded,
                                  const CrossAttentionCapture& capture, std::int64_t query,
                                  bool reduced_precision, const std::string& where) {
  const at::Tensor gradient = gradient_at_output(model, encoded, capture, query);
  const at::NoGradGuard no_grad;
  const std::string prefix =
      fmt::format("transformer.decoder.layers.{}.multihead_attn.out_proj.", capture.layer);
  const at::Tensor weight = model.tensors().at(prefix + "weight");  // [D, D]
  const at::Tensor bias = model.tensors().at(prefix + "bias");
  const at::Tensor chosen =
      at::tensor(std::vector<std::int64_t>{query}, gradient.options().dtype(at::kLong))
          .view({1, 1});
  const at::Tensor maps =
      cross_attention_maps(capture, chosen, encoded.feature_padding.flatten(1))[0].squeeze(1);
  const at::Tensor taken = maps.unsqueeze(-1) * capture.value[0];  // [N, S, D/N]
  const at::Tensor moved =
      at::matmul(taken.transpose(0, 1).flatten(1), weight.t());  // [S, D]: sum over heads
  ValueAttribution found;
  found.phi = to_doubles(at::matmul(moved, gradient));
  found.length = to_doubles(moved.norm(2, -1));
  found.mean_map = to_doubles(maps.mean(0));
  double absolute = 0;
  for (const double one : found.phi) {
    found.sum += one;
    absolute += std::abs(one);
  }
  const at::Tensor change = capture.output[0][query] - bias;
  found.expected = (gradient.to(at::kDouble) * change.to(at::kDouble)).sum().item<double>();
  const double size = std::max(std::abs(found.expected), absolute);
  found.completeness_error = size > 0 ? std::abs(found.sum - found.expected) / size : 0;
  if (!(found.completeness_error <= (reduced_precision ? kReducedTolerance : kTolerance)))
    throw InternalError(
        fmt::format("attributions sum to {} instead of {}", found.sum, found.expected), where);
  return found;
}

}  // namespace intr

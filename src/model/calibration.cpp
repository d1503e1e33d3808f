// SPDX-License-Identifier: Apache-2.0
#include <ATen/ops/relu.h>
#include <c10/core/GradMode.h>
#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "intr/core/error.h"
#include "intr/model/backbone.h"
#include "intr/model/initialization.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

/// One activation of every batch, each [B, c, h, w]: all batches walk through the backbone in lock
/// step, so that each norm sees inputs which the norms before it have set right.
using Activations = std::vector<at::Tensor>;

template <class Function>
Activations map(const Activations& batches, const Function& function) {
  Activations results;
  results.reserve(batches.size());
  for (const at::Tensor& batch : batches) results.push_back(function(batch));
  return results;
}

/// Calls `visit(pixel)` with the channels of every pixel, in the order batch, image, row, column.
template <class Visit>
void for_each_pixel(const Activations& batches, const Visit& visit) {
  for (const at::Tensor& batch : batches) {
    const at::Tensor rows = batch.permute({0, 2, 3, 1}).contiguous();  // [B, h, w, c]
    const auto* data = rows.data_ptr<float>();
    const std::int64_t channels = rows.size(3);
    for (std::int64_t pixel = 0; pixel < rows.numel() / channels; ++pixel)
      visit(data + pixel * channels);
  }
}

/// Sets a norm's statistics to the mean and biased variance of its inputs, per channel.
void set_statistics(FrozenBatchNorm& norm, const Activations& inputs) {
  const auto channels = static_cast<std::size_t>(norm.running_mean.numel());
  std::vector<double> mean(channels), variance(channels);
  double count = 0;
  for_each_pixel(inputs, [&](const float* pixel) {
    for (std::size_t c = 0; c < channels; ++c) mean[c] += static_cast<double>(pixel[c]);
    ++count;
  });
  for (double& value : mean) value /= count;
  for_each_pixel(inputs, [&](const float* pixel) {
    for (std::size_t c = 0; c < channels; ++c) {
      const double difference = static_cast<double>(pixel[c]) - mean[c];
      variance[c] += difference * difference;
    }
  });
  auto* stored_mean = norm.running_mean.data_ptr<float>();
  auto* stored_variance = norm.running_var.data_ptr<float>();
  for (std::size_t c = 0; c < channels; ++c) {
    const double biased = variance[c] / count;
    if (!std::isfinite(mean[c]) || !std::isfinite(biased))
      throw DataError("activations are not finite", "calibration of the frozen norms",
                      "check the pictures, or use --init plain");
    stored_mean[c] = static_cast<float>(mean[c]);
    // A channel that never changes, as under constant pictures, keeps its scale.
    stored_variance[c] = biased < 1e-8 ? 1.0F : static_cast<float>(biased);
  }
}

/// Calibrates the norm behind a convolution and applies both.
Activations calibrate(NormedConvolution& conv, const Activations& inputs) {
  set_statistics(conv.norm(), map(inputs, [&](const at::Tensor& x) { return conv.convolve(x); }));
  conv.refresh();
  return map(inputs, [&](const at::Tensor& x) { return conv.forward(x); });
}

Activations calibrate(ResidualBlock& block, const Activations& inputs) {
  Activations x = inputs;
  for (std::size_t i = 0; i < block.conv.size(); ++i) {
    x = calibrate(block.conv[i], x);
    if (i + 1 < block.conv.size())
      for (at::Tensor& batch : x) batch.relu_();
  }
  const Activations shortcut = block.downsample ? calibrate(*block.downsample, inputs) : inputs;
  for (std::size_t i = 0; i < x.size(); ++i) x[i].add_(shortcut[i]).relu_();
  return x;
}

}  // namespace

void calibrate_frozen_norms(const ModelConfig& config, TensorMap& tensors,
                            const std::vector<at::Tensor>& batches) {
  if (batches.empty()) throw InternalError("no pictures to calibrate frozen norms on");
  const c10::NoGradGuard statistics_only;
  std::vector<ParameterRow> rows = parameter_table(config);
  std::erase_if(rows, [](const ParameterRow& row) { return !is_frozen(row.name, "backbone"); });
  TensorCursor cursor(rows, tensors);
  Backbone backbone(config, cursor);
  Activations x = map(batches, [](const at::Tensor& images) {
    return images.contiguous(at::MemoryFormat::ChannelsLast);
  });
  x = map(calibrate(backbone.conv1, x), [](at::Tensor y) { return stem_pool(y.relu_()); });
  for (auto& stage : backbone.layer)
    for (ResidualBlock& block : stage) x = calibrate(block, x);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/model/multiply_adds.h"

#include "intr/model/parameter_table.h"

namespace intr {
namespace {

/// A feature map on its way through the backbone.
struct Map {
  double height, width, channels;

  /// Convolves it. @return multiply-adds
  double convolve(std::int64_t out, std::int64_t kernel, std::int64_t stride) {
    shrink(stride);
    const double work = height * width * channels * static_cast<double>(out * kernel * kernel);
    channels = static_cast<double>(out);
    return work;
  }
  void shrink(std::int64_t stride) {
    height = halves(height, stride);
    width = halves(width, stride);
  }
  static double halves(double side, std::int64_t stride) {
    return stride == 2 ? static_cast<double>((static_cast<std::int64_t>(side) + 1) / 2) : side;
  }
};

double block(Map& map, const ResNetPlan& plan, std::int64_t stage, bool first,
             std::int64_t stride) {
  const std::int64_t planes = ResNetPlan::planes(stage), out = planes * plan.expansion();
  Map shortcut = map;
  double work = first && plan.downsamples(stage) ? shortcut.convolve(out, 1, stride) : 0;
  if (!plan.bottleneck) return work + map.convolve(planes, 3, stride) + map.convolve(planes, 3, 1);
  work += map.convolve(planes, 1, 1);
  work += map.convolve(planes, 3, stride);
  return work + map.convolve(out, 1, 1);
}

double transformer(const ModelConfig& config, double cells) {
  const auto width = static_cast<double>(config.hidden_dim);
  const auto inner = static_cast<double>(config.dim_feedforward);
  const auto queries = static_cast<double>(config.num_queries());
  const double feed_forward = 2 * inner * width;
  const double encoder = cells * (4 * width * width + feed_forward) + 2 * cells * cells * width;
  const double decoder = queries * (6 * width * width + feed_forward) + 2 * cells * width * width +
                         2 * queries * queries * width + 2 * queries * cells * width;
  return static_cast<double>(config.enc_layers) * encoder +
         static_cast<double>(config.dec_layers) * decoder;
}

}  // namespace

MultiplyAdds multiply_adds(const ModelConfig& config, ImageSize padded, const std::string& freeze) {
  const ResNetPlan plan = resnet_plan(config);
  MultiplyAdds sums;
  Map map{static_cast<double>(padded.height), static_cast<double>(padded.width), 3};
  double& stem = freeze == "none" ? sums.trained : sums.frozen;
  double& later = freeze == "backbone" ? sums.frozen : sums.trained;
  stem += map.convolve(64, 7, 2);
  map.shrink(2);
  for (std::size_t i = 0; i < plan.blocks.size(); ++i) {
    const auto stage = static_cast<std::int64_t>(i);
    const bool dilated = config.dilation && stage == 3;
    for (std::int64_t b = 0; b < plan.blocks[i]; ++b)
      (stage == 0 ? stem : later) +=
          block(map, plan, stage, b == 0, b == 0 && stage > 0 && !dilated ? 2 : 1);
  }
  const double cells = map.height * map.width;
  sums.trained += map.channels * static_cast<double>(config.hidden_dim) * cells;
  sums.trained += transformer(config, cells);
  return sums;
}

}  // namespace intr

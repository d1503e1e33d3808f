// SPDX-License-Identifier: Apache-2.0
#include "intr/model/backbone.h"

#include <ATen/ops/max_pool2d.h>

#include "intr/model/parameter_table.h"
#include "intr/model/reference_math.h"

namespace intr {
namespace {

/// Reads one block. The published DC5 form gives the last stage stride 1, keeps dilation 1 in its
/// first block, and dilates the others.
ResidualBlock read_block(TensorCursor& tensors, const ResNetPlan& plan, bool dilated_stage,
                         std::int64_t stage, std::int64_t block) {
  const bool first = block == 0;
  const std::int64_t stride = first && stage > 0 && !dilated_stage ? 2 : 1;
  const std::int64_t dilation = dilated_stage && !first ? 2 : 1;
  ResidualBlock read;
  if (plan.bottleneck) {
    read.conv.emplace_back(tensors, 1, 0);
    read.conv.emplace_back(tensors, stride, dilation, dilation);
    read.conv.emplace_back(tensors, 1, 0);
  } else {
    read.conv.emplace_back(tensors, stride, 1);
    read.conv.emplace_back(tensors, 1, 1);
  }
  if (first && plan.downsamples(stage)) read.downsample.emplace(tensors, stride, 0);
  return read;
}

}  // namespace

at::Tensor ResidualBlock::forward(const at::Tensor& x) const {
  at::Tensor y = x;
  for (std::size_t i = 0; i + 1 < conv.size(); ++i) y = conv[i].forward_relu(y);
  return conv.back().forward_add_relu(y, downsample ? downsample->forward(x) : x);
}

Backbone::Backbone(const ModelConfig& config, TensorCursor& tensors) : conv1(tensors, 2, 3) {
  const ResNetPlan plan = resnet_plan(config);
  for (std::size_t stage = 0; stage < plan.blocks.size(); ++stage) {
    const bool dilated = config.dilation && stage == 3;
    layer.emplace_back();
    for (std::int64_t block = 0; block < plan.blocks[stage]; ++block)
      layer.back().push_back(
          read_block(tensors, plan, dilated, static_cast<std::int64_t>(stage), block));
  }
}

at::Tensor Backbone::forward(const at::Tensor& images) const {
  at::Tensor x = images.contiguous(reference_math() ? at::MemoryFormat::Contiguous
                                                    : at::MemoryFormat::ChannelsLast);
  x = stem_pool(conv1.forward_relu(x));  // [B, 64, H/4, W/4]
  for (const auto& stage : layer)
    for (const ResidualBlock& block : stage) x = block.forward(x);
  return x;
}

void Backbone::refresh() {
  conv1.refresh();
  for (auto& stage : layer) {
    for (ResidualBlock& block : stage) {
      for (NormedConvolution& conv : block.conv) conv.refresh();
      if (block.downsample) block.downsample->refresh();
    }
  }
}

at::Tensor stem_pool(const at::Tensor& x) { return at::max_pool2d(x, {3, 3}, {2, 2}, {1, 1}); }

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/first_weights.h"

#include <torch/torch.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "intr/core/log.h"
#include "intr/data/network_input.h"
#include "intr/data/sample_order.h"
#include "intr/model/initialization.h"

namespace intr {
namespace {

constexpr std::uint64_t kCalibrationStream = std::uint64_t{5} << 32;  // results depend on it
constexpr std::int64_t kMostPixels = 16'000'000;
constexpr std::int64_t kFewestImages = 8;

ImageSize final_size(const DataIndex& index, std::int64_t row, const FirstWeightsOptions& options) {
  return plan_transform(options.transform, index.image_size(row), options.seed, 0,
                        static_cast<std::uint64_t>(index.sample_id(row)))
      .final;
}

/// Pictures of one size.
struct Group {
  MicroBatch batch;
  std::vector<std::uint8_t> pixels;
};

void append(Group& group, std::int64_t row, const Image& image) {
  MicroBatch& batch = group.batch;
  batch.rows.push_back(row);
  batch.labels.push_back(0);
  batch.sizes.push_back(image.size);
  batch.offsets.push_back(group.pixels.size());
  group.pixels.insert(group.pixels.end(), image.rgb.begin(), image.rgb.end());
  batch.padded = image.size;
}

/// @return batches [B, 3, H, W], each of one size
std::vector<at::Tensor> calibration_batches(const DataIndex& index, const ShardReader& reader,
                                            const FirstWeightsOptions& options) {
  std::map<ImageSize, Group> by_size;
  for (const std::int64_t row : calibration_rows(index, options)) {
    const TransformPlan plan =
        plan_transform(options.transform, index.image_size(row), options.seed, 0,
                       static_cast<std::uint64_t>(index.sample_id(row)));
    append(by_size[plan.final], row, apply_transform(plan, reader.decode(row)));
  }
  std::vector<at::Tensor> batches;
  for (auto& [size, group] : by_size) {
    group.batch.own(std::move(group.pixels));
    batches.push_back(network_input(group.batch, at::kCPU));
  }
  return batches;
}

}  // namespace

std::vector<std::int64_t> calibration_rows(const DataIndex& index,
                                           const FirstWeightsOptions& options) {
  const SampleOrder order(static_cast<std::uint64_t>(index.size()), options.seed, 0,
                          kCalibrationStream);
  std::vector<std::int64_t> rows;
  std::int64_t pixels = 0;
  const std::int64_t most = std::min(options.calibrate_images, index.size());
  for (std::int64_t i = 0; i < most; ++i) {
    const auto row = static_cast<std::int64_t>(order.at(static_cast<std::uint64_t>(i)));
    pixels += final_size(index, row, options).area();
    if (pixels > kMostPixels && i >= kFewestImages) break;
    rows.push_back(row);
  }
  return rows;
}

TensorMap first_weights(const ModelConfig& config, const DataIndex& index,
                        const ShardReader& reader, const FirstWeightsOptions& options) {
  const torch::NoGradGuard no_gradients;
  TensorMap tensors = initialize_from_scratch(config, options.seed);
  if (options.init == "plain") return tensors;
  const std::vector<at::Tensor> batches = calibration_batches(index, reader, options);
  std::int64_t images = 0;
  for (const at::Tensor& batch : batches) images += batch.size(0);
  log::info("measuring the frozen norms on {} training images", images);
  calibrate_frozen_norms(config, tensors, batches);
  return tensors;
}

}  // namespace intr

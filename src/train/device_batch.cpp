// SPDX-License-Identifier: Apache-2.0
#include "intr/train/device_batch.h"

#include <torch/torch.h>

#include <span>

#include "intr/data/normalize.h"

namespace intr {

DeviceBatch to_device(const MicroBatch& batch, at::Device device) {
  const at::Tensor pixels = torch::empty({batch.size(), batch.padded.height, batch.padded.width, 3},
                                         torch::kFloat32);  // [B, H, W, 3]
  normalize_into(batch,
                 std::span(pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())));
  const at::Tensor labels = torch::tensor(batch.labels, torch::kInt64);  // [B]
  return {.images = pixels.permute({0, 3, 1, 2}).to(device), .labels = labels.to(device)};
}

}  // namespace intr

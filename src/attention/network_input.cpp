// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/network_input.h"

#include <ATen/ops/empty.h>

#include "intr/data/normalize.h"

namespace intr {

at::Tensor network_input(const MicroBatch& batch, at::Device device) {
  const at::Tensor pixels =
      at::empty({batch.size(), batch.padded.height, batch.padded.width, 3}, at::kFloat);
  normalize_into(batch, {pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())});
  return pixels.permute({0, 3, 1, 2}).to(device);
}

}  // namespace intr

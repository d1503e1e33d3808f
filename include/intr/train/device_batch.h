// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "intr/data/loader.h"

namespace intr {

/// A micro-batch as the network takes it.
struct DeviceBatch {
  at::Tensor images;  ///< [B, 3, H, W] float32, channels-last, normalized, zero at right and bottom
  at::Tensor labels;  ///< [B] int64
};

/// Normalizes, pads and moves a micro-batch that holds at least one picture.
DeviceBatch to_device(const MicroBatch& batch, at::Device device);

}  // namespace intr

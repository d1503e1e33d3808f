// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "intr/data/loader.h"

namespace intr {

/// The pictures of a micro-batch as the network takes them: x / 255, minus the ImageNet mean, over
/// the deviation. On other devices than CPUs only bytes are moved; the arithmetic is done there,
/// and nothing waits for it.
/// @param batch must live until the device has been waited for
/// @return [B, 3, H, W] float32, channels-last, zero at the right and bottom; the same bits on
/// every device
at::Tensor network_input(const MicroBatch& batch, at::Device device);

/// The way for devices that are no CPU; gives the same bits on a CPU, only slower.
at::Tensor normalize_on_device(const MicroBatch& batch, at::Device device);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ATen/core/Tensor.h>

#include "intr/data/loader.h"

namespace intr {

/// The pictures of a micro-batch as the network takes them.
/// @return [B, 3, H, W] float32, channels-last, normalized, zero at the right and bottom
at::Tensor network_input(const MicroBatch& batch, at::Device device);

}  // namespace intr

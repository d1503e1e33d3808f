// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "intr/data/loader.h"

namespace intr {

/// Turns the pictures of a micro-batch into the network's input: x / 255, minus the ImageNet mean,
/// over the deviation, in float32 (equal to torchvision's arithmetic), zero at the right and
/// bottom.
/// @param out [B, padded height, padded width, 3], channels last; every element is written
void normalize_into(const MicroBatch& batch, std::span<float> out);

}  // namespace intr

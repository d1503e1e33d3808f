// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>

#include "intr/data/loader.h"

namespace intr {

/// Mean and deviation of ImageNet by channel, of values from 0 to 1, as torchvision's recipes state
/// them.
inline constexpr std::array<float, 3> kImageMean = {0.485F, 0.456F, 0.406F};
inline constexpr std::array<float, 3> kImageDeviation = {0.229F, 0.224F, 0.225F};

/// Turns the pictures of a micro-batch into the network's input: x / 255, minus the ImageNet mean,
/// over the deviation, in float32 (equal to torchvision's arithmetic), zero at the right and
/// bottom.
/// @param out [B, padded height, padded width, 3], channels last; every element is written
void normalize_into(const MicroBatch& batch, std::span<float> out);

}  // namespace intr

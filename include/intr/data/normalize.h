// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "intr/data/loader.h"

namespace intr {

/// Mean and deviation of ImageNet by channel, of values from 0 to 1, as torchvision's recipes state
/// them.
inline constexpr std::array<float, 3> kImageMean = {0.485F, 0.456F, 0.406F};
inline constexpr std::array<float, 3> kImageDeviation = {0.229F, 0.224F, 0.225F};

/// Instructions that normalizing is computed with. The results are equal, bit for bit.
enum class NormalizeKernel { kTable, kAvx2 };
/// Those of this processor, the fastest last.
const std::vector<NormalizeKernel>& normalize_kernels();

/// Turns the pictures of a micro-batch into the network's input: x / 255, minus the ImageNet mean,
/// over the deviation, in float32 (equal to torchvision's arithmetic), zero at the right and
/// bottom.
/// @param out [B, padded height, padded width, 3], channels last; every element is written
/// @param threads work at it, this one included
void normalize_into(const MicroBatch& batch, std::span<float> out, std::int64_t threads = 1);

/// The same for one picture. Thread-safe.
/// @param pixels [size.height, size.width, 3]
/// @param out [padded.height, padded.width, 3]
/// @throws InternalError if `padded` is smaller than the picture, or a span has another size
void normalize_picture_into(std::span<const std::uint8_t> pixels, ImageSize size, ImageSize padded,
                            std::span<float> out,
                            NormalizeKernel kernel = normalize_kernels().back());

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "intr/image/image.h"

namespace intr {

/// Weights of a Gaussian at whole distances -r … r, r = ceil(4 sigma); they sum to 1.
/// @param sigma in pixels, above 0
std::vector<float> gaussian_weights(double sigma);

/// Blurs a plane in both directions; beyond its border the border goes on. Every sum is made in one
/// order, whatever the machine.
/// @param plane [height, width], overwritten
void gaussian_blur(std::span<float> plane, ImageSize size, double sigma);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "intr/weights/tensor_table.h"

namespace intr {

/// Converts floating-point values, rounding to nearest, ties to even; too large ones become
/// infinite. Half types are reached by way of f32, as in PyTorch.
/// @param out holds as many values of type `to` as `in` holds of type `from`
void convert_values(std::span<const std::byte> in, DType from, std::span<std::byte> out, DType to);

/// Values of any type as doubles. Integers above 2^53 are rounded. @param type not DType::other
std::vector<double> as_doubles(std::span<const std::byte> bytes, DType type);

}  // namespace intr

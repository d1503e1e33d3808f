// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace intr {

/// IEEE 754 half precision (binary16) as its 16 bits. Rounds to nearest, ties to even; too large
/// values become infinite; NaN stays NaN.
std::uint16_t half_from_float(float value) noexcept;

/// Exact: every half is a float.
float float_from_half(std::uint16_t bits) noexcept;

/// bfloat16, the upper half of a float, as its 16 bits. Rounds to nearest, ties to even; NaN stays
/// NaN.
std::uint16_t bfloat16_from_float(float value) noexcept;

/// Exact: every bfloat16 is a float.
float float_from_bfloat16(std::uint16_t bits) noexcept;

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/half.h"

#include <bit>

namespace intr {
namespace {

constexpr std::uint32_t kFloatInfinity = 0x7F800000;
constexpr std::uint32_t kSmallestNormalHalf = 0x38800000;  // 2^-14 as float
constexpr std::uint32_t kRoundsToInfinity = 0x47800000;    // 2^16 as float

/// Drops the lowest `bits` bits, rounding to nearest, ties to even. A carry into the exponent is
/// right as it stands.
std::uint32_t shift_and_round(std::uint32_t value, std::uint32_t bits) noexcept {
  const std::uint32_t kept = value >> bits;
  const std::uint32_t rest = value & ((1U << bits) - 1);
  const std::uint32_t middle = 1U << (bits - 1);
  return kept + (rest > middle || (rest == middle && (kept & 1U) != 0) ? 1U : 0U);
}

}  // namespace

std::uint16_t half_from_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000U;
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  std::uint32_t result = 0;
  if (magnitude > kFloatInfinity) {
    result = 0x7E00U | ((magnitude >> 13) & 0x3FFU);
  } else if (magnitude >= kRoundsToInfinity) {
    result = 0x7C00U;
  } else if (magnitude >= kSmallestNormalHalf) {
    result = shift_and_round(magnitude - (112U << 23), 13);  // exponent bias 127 becomes 15
  } else {
    // Subnormal: a multiple of 2^-24. Below half of the smallest one everything rounds to zero.
    const std::uint32_t exponent = magnitude >> 23;
    if (exponent >= 102) {
      const std::uint32_t fraction = (magnitude & 0x7FFFFFU) | 0x800000U;
      result = shift_and_round(fraction, 126 - exponent);
    }
  }
  return static_cast<std::uint16_t>(sign | result);
}

float float_from_half(std::uint16_t half) noexcept {
  const std::uint32_t sign = (half & 0x8000U) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1FU;
  const std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | kFloatInfinity | (fraction << 13));
  if (exponent != 0)
    return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
  return sign != 0 ? -magnitude : magnitude;
}

std::uint16_t bfloat16_from_float(float value) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > kFloatInfinity)
    return static_cast<std::uint16_t>((bits >> 16) | 0x40U);  // quiet, so that it stays a NaN
  return static_cast<std::uint16_t>(shift_and_round(bits, 16));
}

float float_from_bfloat16(std::uint16_t bits) noexcept {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/core/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace intr {
namespace {

// The value of a half from its definition: (-1)^s 2^(e-15) (1 + f/1024), subnormal 2^-14 f/1024.
double by_definition(std::uint16_t bits) {
  const int sign = bits >> 15;
  const int exponent = (bits >> 10) & 31;
  const int fraction = bits & 1023;
  double value =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) value = std::numeric_limits<double>::infinity();
  return sign != 0 ? -value : value;
}

TEST(Half, EveryBitPatternIsExactAndReturns) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_from_half(half);
    const bool is_nan = ((bits >> 10) & 31) == 31 && (bits & 1023) != 0;
    ASSERT_EQ(std::isnan(value), is_nan) << bits;
    if (is_nan) {
      ASSERT_TRUE(std::isnan(float_from_half(half_from_float(value)))) << bits;
      continue;
    }
    ASSERT_EQ(static_cast<double>(value), by_definition(half)) << bits;
    ASSERT_EQ(std::signbit(value), (bits >> 15) != 0) << bits;
    ASSERT_EQ(half_from_float(value), half) << bits;
  }
}

TEST(Half, RoundsToNearestAndTiesToEven) {
  // Between every two neighbors: below, at and above the middle. Floats hold all three exactly.
  for (std::uint32_t bits = 0; bits < 0x7BFF; ++bits) {
    const float low = float_from_half(static_cast<std::uint16_t>(bits));
    const float high = float_from_half(static_cast<std::uint16_t>(bits + 1));
    const float middle = (low + high) / 2;
    const float below = std::nextafter(middle, low);
    const float above = std::nextafter(middle, high);
    ASSERT_EQ(half_from_float(below), bits);
    ASSERT_EQ(half_from_float(above), bits + 1);
    ASSERT_EQ(half_from_float(middle), bits % 2 == 0 ? bits : bits + 1);
    ASSERT_EQ(half_from_float(-middle), 0x8000U | (bits % 2 == 0 ? bits : bits + 1));
  }
}

TEST(Half, EndsOfTheRange) {
  EXPECT_EQ(half_from_float(65504.0F), 0x7BFF);
  EXPECT_EQ(half_from_float(65519.996F), 0x7BFF);
  EXPECT_EQ(half_from_float(65520.0F), 0x7C00);  // the tie between 65504 and 65536 goes to even
  EXPECT_EQ(half_from_float(1e30F), 0x7C00);
  EXPECT_EQ(half_from_float(-std::numeric_limits<float>::infinity()), 0xFC00);
  EXPECT_EQ(half_from_float(0x1p-25F), 0);  // half of the smallest: the tie goes to zero
  EXPECT_EQ(half_from_float(std::nextafter(0x1p-25F, 1.0F)), 1);
  EXPECT_EQ(half_from_float(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(half_from_float(-0.0F), 0x8000);
}

TEST(BFloat16, EveryValueComesBackAndTheMiddleGoesToEven) {
  for (std::uint32_t bits = 0; bits <= 0xFFFF; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = float_from_bfloat16(half);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(float_from_bfloat16(bfloat16_from_float(value))));
      continue;
    }
    ASSERT_EQ(bfloat16_from_float(value), bits);
    if (std::isinf(value)) continue;
    const auto above = std::bit_cast<float>((bits << 16) + 0x8001U);
    const auto middle = std::bit_cast<float>((bits << 16) + 0x8000U);
    const auto below = std::bit_cast<float>((bits << 16) + 0x7FFFU);
    ASSERT_EQ(bfloat16_from_float(below), bits);
    ASSERT_EQ(bfloat16_from_float(above), bits + 1);
    ASSERT_EQ(bfloat16_from_float(middle), bits % 2 == 0 ? bits : bits + 1);
  }
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/svg_axis.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace intr {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<std::string> labels(const Axis& axis) {
  std::vector<std::string> result;
  for (const double tick : axis.ticks) result.push_back(axis.label(tick));
  return result;
}

TEST(SvgAxis, BeginsAndEndsAtRoundNumbers) {
  EXPECT_EQ(labels(nice_axis(0, 1)),
            (std::vector<std::string>{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}));
  EXPECT_EQ(labels(nice_axis(-3.2, 4.9)),
            (std::vector<std::string>{"−4", "−2", "0", "2", "4", "6"}));
  EXPECT_EQ(labels(nice_axis(0.031, 0.087)),
            (std::vector<std::string>{"0.02", "0.04", "0.06", "0.08", "0.10"}));
}

TEST(SvgAxis, HoldsTheRangeWithFewTicks) {
  for (const auto& [low, high] : {std::pair(0.0, 1e-9), std::pair(-7.3, 1234.5),
                                  std::pair(0.999, 1.0), std::pair(-1e200, 1e200)})
    for (const int most : {1, 3, 5, 9}) {
      const Axis axis = nice_axis(low, high, most);
      EXPECT_LE(axis.low, low + axis.step * 1e-6);
      EXPECT_GE(axis.high, high - axis.step * 1e-6);
      EXPECT_GE(axis.ticks.size(), 2u);
      EXPECT_LE(axis.ticks.size(), static_cast<std::size_t>(most) + 2);
    }
}

TEST(SvgAxis, HasARangeForOneValueAndForNone) {
  for (const auto& [low, high] :
       {std::pair(3.0, 3.0), std::pair(0.0, 0.0), std::pair(-2.0, -2.0), std::pair(1e-320, 1e-320),
        std::pair(kNaN, kNaN), std::pair(kNaN, 2.0), std::pair(-kInfinity, kInfinity)}) {
    const Axis axis = nice_axis(low, high);
    EXPECT_LT(axis.low, axis.high) << low << " " << high;
    EXPECT_TRUE(std::isfinite(axis.place(1, 0, 100)));
    for (const double value : {low, high})
      if (std::isfinite(value)) {
        EXPECT_LE(axis.low, value);
        EXPECT_GE(axis.high, value);
      }
  }
}

TEST(SvgAxis, PlacesWithinItsEnds) {
  const Axis axis = nice_axis(0, 10);
  EXPECT_DOUBLE_EQ(axis.place(0, 200, 100), 200);
  EXPECT_DOUBLE_EQ(axis.place(5, 200, 100), 150);
  EXPECT_DOUBLE_EQ(axis.place(99, 200, 100), 100);
  EXPECT_DOUBLE_EQ(axis.place(-99, 200, 100), 200);
}

TEST(SvgAxis, RangeLeavesOutWhatIsNotFinite) {
  ValueRange range;
  EXPECT_TRUE(range.empty());
  range.add(std::array{kNaN, kInfinity});
  EXPECT_TRUE(range.empty());
  range.add(std::array{2.0, kNaN, -1.0});
  EXPECT_FALSE(range.empty());
  EXPECT_EQ(range.low, -1);
  EXPECT_EQ(range.high, 2);
}

TEST(SvgAxis, NumbersAreShort) {
  EXPECT_EQ(shown_number(NAN), "–");
  EXPECT_EQ(shown_number(0), "0.000");
  EXPECT_EQ(shown_number(-0.0), "0.000");
  EXPECT_EQ(shown_number(0.12345), "0.123");
  EXPECT_EQ(shown_number(-12.345), "−12.35");
  EXPECT_EQ(shown_number(1234.56), "1234.6");
  EXPECT_EQ(shown_number(0.00012), "1.20e-04");
  EXPECT_EQ(shown_number(INFINITY), "inf");
}

}  // namespace
}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

namespace intr {

/// The range of an axis that begins and ends at round numbers.
struct Axis {
  double low = 0;
  double high = 1;
  double step = 1;            ///< between two ticks; 1, 2 or 5 times a power of ten
  std::vector<double> ticks;  ///< from low to high

  /// Where a value lies if low lies at `from` and high at `to`; values outside lie at the ends.
  double place(double value, double from, double to) const;
  /// A tick's number with the digits that its step needs.
  std::string label(double tick) const;
};

/// The shortest round axis that holds a range. NaN and infinite ends, and an empty range, give an
/// axis that holds what is left of them.
/// @param most_steps between low and high, at least 1
Axis nice_axis(double low, double high, int most_steps = 5);

/// The range of the finite ones among the values; [NaN, NaN] if there is none.
struct ValueRange {
  ValueRange();
  double low, high;
  bool empty() const { return !(low <= high); }
  void add(double value);
  void add(std::span<const double> values);
};

/// A number for people: three or four digits, "–" for NaN.
std::string shown_number(double value);

}  // namespace intr

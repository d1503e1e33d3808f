// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/svg_axis.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace intr {

namespace {

constexpr double kMost = 1e300;  // differences of two such numbers are still finite

/// With a true minus sign, and no sign before zero.
std::string with_minus(std::string number) {
  if (number.find_first_of("123456789") == std::string::npos && number.front() == '-')
    number.erase(0, 1);
  return number.front() == '-' ? "\xE2\x88\x92" + number.substr(1) : number;
}

double power_of_ten(int exponent) { return std::pow(10.0, exponent); }

/// The smallest round step that is not below this.
double round_step(double at_least) {
  const int exponent = static_cast<int>(std::floor(std::log10(at_least)));
  for (const double digit : {1.0, 2.0, 5.0})
    if (digit * power_of_ten(exponent) >= at_least * (1 - 1e-9))
      return digit * power_of_ten(exponent);
  return power_of_ten(exponent + 1);
}

/// Ends that an axis can be cut from.
void widen(double& low, double& high) {
  if (!std::isfinite(low)) low = std::isfinite(high) ? high : 0;
  if (!std::isfinite(high)) high = low;
  low = std::clamp(low, -kMost, kMost);
  high = std::clamp(high, -kMost, kMost);
  if (high < low) std::swap(low, high);
  const double scale = std::max(std::abs(low), std::abs(high));
  if (high - low > scale * 1e-9) return;
  if (scale < 1e-300) {
    high = 1;
    return;
  }
  low -= scale / 2;
  high += scale / 2;
}

}  // namespace

double Axis::place(double value, double from, double to) const {
  const double share = std::clamp((value - low) / (high - low), 0.0, 1.0);
  return from + share * (to - from);
}

std::string Axis::label(double tick) const {
  const double size = std::max(std::abs(low), std::abs(high));
  if (size >= 1e6 || step < 1e-4) return with_minus(fmt::format("{:g}", tick));
  const int decimals = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
  return with_minus(fmt::format("{:.{}f}", tick, decimals));
}

Axis nice_axis(double low, double high, int most_steps) {
  widen(low, high);
  Axis axis;
  const int most = std::max(most_steps, 1);
  double step = (high - low) / most;
  for (double first = 0, last = 0;;) {
    axis.step = round_step(step);
    first = std::floor(low / axis.step + 1e-9);
    last = std::ceil(high / axis.step - 1e-9);
    axis.ticks.clear();
    for (double number = first; number <= last; ++number) axis.ticks.push_back(number * axis.step);
    if (static_cast<int>(axis.ticks.size()) <= most + 1 || most == 1) break;
    step = axis.step * 1.01;
  }
  axis.low = axis.ticks.front();
  axis.high = axis.ticks.back();
  return axis;
}

ValueRange::ValueRange()
    : low(std::numeric_limits<double>::quiet_NaN()),
      high(std::numeric_limits<double>::quiet_NaN()) {}

void ValueRange::add(double value) {
  if (!std::isfinite(value)) return;
  low = empty() ? value : std::min(low, value);
  high = std::isnan(high) ? value : std::max(high, value);
}

void ValueRange::add(std::span<const double> values) {
  for (const double value : values) add(value);
}

std::string shown_number(double value) {
  if (std::isnan(value)) return "\xE2\x80\x93";
  const double size = std::abs(value);
  if (std::isinf(value) || size >= 1e6 || (size > 0 && size < 1e-3))
    return with_minus(fmt::format("{:.2e}", value));
  return with_minus(fmt::format("{:.{}f}", value, size >= 100 ? 1 : size >= 10 ? 2 : 3));
}

}  // namespace intr

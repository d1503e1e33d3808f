// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_curve.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace intr {

namespace {

constexpr double kSmallestSpan = 1e-3;
constexpr std::array kRandom = {CellOrder::kRandom1, CellOrder::kRandom2, CellOrder::kRandom3};
static_assert(kRandom.size() == static_cast<std::size_t>(kRandomOrders));

bool of_probability(CurveQuantity quantity) {
  return quantity == CurveQuantity::kProbability ||
         quantity == CurveQuantity::kProbabilityNormalized;
}

bool normalized(CurveQuantity quantity) {
  return quantity == CurveQuantity::kProbabilityNormalized ||
         quantity == CurveQuantity::kMarginNormalized;
}

/// Deletion begins with the whole picture and ends with a blank one, insertion the other way.
void normalize(CurveValues& values, CurveKind kind) {
  const bool falls = kind == CurveKind::kDeletion;
  const double full = falls ? values.front() : values.back();
  const double blank = falls ? values.back() : values.front();
  // Where the blank picture is as much the class as the whole one there is no way from 0 to 1.
  const bool climbs = full - blank >= kSmallestSpan;
  for (double& value : values)
    value = climbs ? (value - blank) / (full - blank) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

const char* name_of(CurveQuantity quantity) noexcept {
  constexpr std::array kNames = {"probability", "margin", "probability_normalized",
                                 "margin_normalized"};
  static_assert(kNames.size() == kCurveQuantities.size());
  return kNames[static_cast<std::size_t>(quantity)];
}

const char* name_of(OrderKind order) noexcept {
  constexpr std::array kNames = {"map", "random", "center_prior"};
  static_assert(kNames.size() == kOrderKinds.size());
  return kNames[static_cast<std::size_t>(order)];
}

CurveValues curve_values(const Curve& curve, CurveKind kind, CurveQuantity quantity) {
  CurveValues values{};
  for (std::size_t t = 0; t < values.size(); ++t)
    values[t] = of_probability(quantity) ? curve[t].probability : curve[t].margin;
  if (normalized(quantity)) normalize(values, kind);
  return values;
}

CurveValues curve_values(const SampleCurves& curves, CurveKind kind, OrderKind order,
                         CurveQuantity quantity) {
  if (order == OrderKind::kMap)
    return curve_values(curves.at(kind, CellOrder::kMap), kind, quantity);
  if (order == OrderKind::kCenterPrior)
    return curve_values(curves.at(kind, CellOrder::kCenter), kind, quantity);
  CurveValues mean{};
  for (const CellOrder random : kRandom) {
    const CurveValues own = curve_values(curves.at(kind, random), kind, quantity);
    for (std::size_t t = 0; t < mean.size(); ++t) mean[t] += own[t];
  }
  for (double& value : mean) value /= static_cast<double>(kRandomOrders);
  return mean;
}

double curve_share(std::size_t point) noexcept {
  return static_cast<double>(point) / static_cast<double>(kCurveSteps);
}

double curve_area(const CurveValues& values) noexcept {
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  return (sum - (values.front() + values.back()) / 2) / static_cast<double>(kCurveSteps);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

#include "intr/attention/model_scores.h"

/// Deletion and insertion curves as numbers to average (Petsiuk et al., BMVC 2018, "RISE").
namespace intr {

/// What a curve shows of the network's belief in the target.
enum class CurveQuantity : std::uint8_t {
  kProbability,
  kMargin,
  kProbabilityNormalized,  ///< (f - f_blank) / (f_full - f_blank)
  kMarginNormalized
};
inline constexpr std::array kCurveQuantities = {CurveQuantity::kProbability, CurveQuantity::kMargin,
                                                CurveQuantity::kProbabilityNormalized,
                                                CurveQuantity::kMarginNormalized};
const char* name_of(CurveQuantity quantity) noexcept;  ///< "margin_normalized", …

/// Whose order of cells: random is the mean of the three.
enum class OrderKind : std::uint8_t { kMap, kRandom, kCenterPrior };
inline constexpr std::array kOrderKinds = {OrderKind::kMap, OrderKind::kRandom,
                                           OrderKind::kCenterPrior};
const char* name_of(OrderKind order) noexcept;  ///< "map", "random", "center_prior"

/// One number a point, NaN where there is none.
using CurveValues = std::array<double, kCurveSteps + 1>;

/// Of normalized quantities all points are NaN where the full and the blank picture differ by less
/// than 1e-3: their ratio would be noise.
/// @param kind says at which end the picture is whole
CurveValues curve_values(const Curve& curve, CurveKind kind, CurveQuantity quantity);
CurveValues curve_values(const SampleCurves& curves, CurveKind kind, OrderKind order,
                         CurveQuantity quantity);

/// The part of cells that are changed at a point, t / T.
double curve_share(std::size_t point) noexcept;
/// Area below the curve over shares from 0 to 1, by trapezoids; NaN if a point is.
double curve_area(const CurveValues& values) noexcept;

}  // namespace intr

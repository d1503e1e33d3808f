// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>

/// The measures of `intr-score maps`: what they are called, in files and for people.
namespace intr {

/// What is measured on a map: that of each head, and the mean over heads.
enum class MapMeasure : std::uint8_t {
  kEntropy,
  kEntropyNormalized,
  kEffectiveArea,
  kPeak,
  kPeakUniform,
  kPeakX,
  kPeakY,
  kCenterX,
  kCenterY,
  kSpread,
  kClassContrast,
  kBoxMass,
  kBoxLift,
  kPointing0,
  kPointing15,
  kPartCoverage,
  kPartChance,
  kPartLift,
  kPartDistance,
  kCount
};

/// What is measured on a sample as a whole.
enum class SampleMeasure : std::uint8_t {
  kRight,
  kProbability,
  kMargin,
  kClassMargin,
  kCosineDiversity,
  kInformationDiversity,
  kBoxUniform,
  kBoxCenterPrior,
  kPointing0Chance,
  kPointing15Chance,
  kCount
};

/// A measure's names. On disk: never change one's meaning; a new meaning is a new version.
struct MeasureFacts {
  const char* id;          ///< column and key
  const char* title;       ///< for people
  const char* unit;        ///< "" for plain numbers
  const char* definition;  ///< a line
  std::int64_t version = 1;
  bool summarized = true;  ///< false: a place, or the baseline of another measure
};
const MeasureFacts& facts_of(MapMeasure measure) noexcept;
const MeasureFacts& facts_of(SampleMeasure measure) noexcept;

/// One number a measure; NaN until it is set.
template <class Measure>
class PerMeasure {
 public:
  PerMeasure() { values_.fill(std::numeric_limits<double>::quiet_NaN()); }
  double& operator[](Measure measure) { return values_[static_cast<std::size_t>(measure)]; }
  double operator[](Measure measure) const { return values_[static_cast<std::size_t>(measure)]; }

 private:
  std::array<double, static_cast<std::size_t>(Measure::kCount)> values_;
};

/// All measures, in the order of columns.
template <class Measure>
constexpr auto every() {
  std::array<Measure, static_cast<std::size_t>(Measure::kCount)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<Measure>(i);
  return all;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/calibration.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::int64_t calibration_bin(double probability) {
  const double bin = std::ceil(probability * static_cast<double>(kNumCalibrationBins)) - 1;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(bin), 0, kNumCalibrationBins - 1);
}

std::vector<CalibrationBin> calibration_bins(std::span<const double> probabilities,
                                             std::span<const std::uint8_t> right) {
  std::vector<CalibrationBin> bins(static_cast<std::size_t>(kNumCalibrationBins));
  const auto count = static_cast<double>(kNumCalibrationBins);
  for (std::size_t b = 0; b < bins.size(); ++b) {
    bins[b].low = static_cast<double>(b) / count;
    bins[b].high = static_cast<double>(b + 1) / count;
  }
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    CalibrationBin& bin = bins[static_cast<std::size_t>(calibration_bin(probabilities[i]))];
    ++bin.n;
    bin.confidence += probabilities[i];
    bin.accuracy += right[i] != 0 ? 1.0 : 0.0;
  }
  for (CalibrationBin& bin : bins) {
    const auto samples = static_cast<double>(bin.n);
    bin.confidence = bin.n > 0 ? bin.confidence / samples : kNaN;
    bin.accuracy = bin.n > 0 ? bin.accuracy / samples : kNaN;
  }
  return bins;
}

double calibration_error(std::span<const CalibrationBin> bins) {
  double sum = 0, samples = 0;
  for (const CalibrationBin& bin : bins) {
    if (bin.n == 0) continue;
    sum += static_cast<double>(bin.n) * std::abs(bin.accuracy - bin.confidence);
    samples += static_cast<double>(bin.n);
  }
  return samples > 0 ? sum / samples : kNaN;
}

}  // namespace intr

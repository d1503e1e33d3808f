// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "intr/attention/score_summary.h"

/// Whether a predicted class is right as often as its probability says (Guo et al., ICML 2017).
namespace intr {

inline constexpr std::int64_t kNumCalibrationBins = 15;  ///< as in the paper, of equal width

/// The bin (b / 15, (b + 1) / 15] of a probability; 0 belongs to the first.
std::int64_t calibration_bin(double probability);

/// Samples by the probability of their predicted class. @param right whether that class is the true
/// one, as long as `probabilities`
std::vector<CalibrationBin> calibration_bins(std::span<const double> probabilities,
                                             std::span<const std::uint8_t> right);

/// Expected calibration error: mean over samples of |accuracy - confidence| of their bin; NaN of no
/// sample.
double calibration_error(std::span<const CalibrationBin> bins);

}  // namespace intr

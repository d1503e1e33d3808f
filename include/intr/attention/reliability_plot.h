// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "intr/attention/plot_frame.h"
#include "intr/attention/score_summary.h"

namespace intr {

/// Accuracy of each bin over its mean confidence beside the line where both are equal, with 95 %
/// Wilson intervals, and what share of the samples each bin holds. An SVG.
std::string reliability_plot(const PlotText& text, std::span<const CalibrationBin> bins);

}  // namespace intr

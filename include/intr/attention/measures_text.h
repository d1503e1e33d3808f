// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/score_summary.h"

/// Summaries for a terminal.
namespace intr {

/// "0.25 to 0.75"; empty without an interval.
std::string interval_text(const Estimate& estimate);

/// A table: a line a measure with its mean, interval, the head where it is largest and baselines.
/// Measures without any value are named in a last line.
/// @param heads numbers in the model of single heads
std::string measures_text(const std::vector<MeasureSummary>& measures,
                          const std::vector<std::int32_t>& heads);

}  // namespace intr

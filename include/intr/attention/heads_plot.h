// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "intr/attention/score_summary.h"

namespace intr {

/// Bars of a measure head by head, then of all heads together if that has a value. An SVG.
/// @param heads numbers in the model, one an element of measure.heads
std::string heads_plot(const MeasureSummary& measure, std::span<const std::int32_t> heads);

}  // namespace intr

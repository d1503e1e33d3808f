// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "intr/attention/score_summary.h"

/// Numbers of summaries as `intr-score` writes them. NaN is null.
namespace intr {

nlohmann::ordered_json json_number(double value);
/// mean, low, high, n, n_nan.
nlohmann::ordered_json json_of(const Estimate& estimate);
/// What it is, its estimate, and those of single heads and baselines where it has some.
/// @param heads numbers in the model of measure.heads
nlohmann::ordered_json json_of(const MeasureSummary& measure,
                               const std::vector<std::int32_t>& heads);

}  // namespace intr

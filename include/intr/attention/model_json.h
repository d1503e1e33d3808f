// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "intr/attention/model_summary.h"

namespace intr {

// On disk: never rename.
inline constexpr const char* kModelScoresFormat = "intr-model-scores";  ///< "format" of model.json

/// summary.json of `intr-score model`. NaN is null. Samples are not in it: samples.csv lists them.
/// @param options what was asked for and changes numbers
nlohmann::ordered_json model_json(const ModelSummary& summary,
                                  const nlohmann::ordered_json& options);

}  // namespace intr

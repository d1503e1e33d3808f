// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/attention/model_score_options.h"
#include "intr/attention/model_scores.h"

namespace intr {

/// A measure of `intr-score model`: what it is called, and its value of a sample, NaN if the sample
/// has none.
struct ModelMeasure {
  struct Baseline {
    const char* name;
    std::function<double(const ModelSampleScores&)> value;
  };

  std::string id, title, unit, definition;  ///< as in MeasureSummary
  std::int64_t version = 1;
  std::function<double(const ModelSampleScores&)> value;
  std::function<double(const ModelSampleScores&, std::size_t head)> of_head;  ///< or empty
  std::vector<Baseline> baselines;
};

/// Those that the options ask for, in the order of columns.
std::vector<ModelMeasure> model_measures(const ModelScoreOptions& options);

}  // namespace intr

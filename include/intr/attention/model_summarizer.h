// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"
#include "intr/attention/model_score_options.h"
#include "intr/attention/model_scores.h"
#include "intr/attention/model_summary.h"

namespace intr {

/// Everything that `intr-score model` measured.
struct ModelScoreTable {
  std::string dump;  ///< as the user named it
  DumpFacts facts;   ///< of the dump
  std::int64_t samples_in_dump = 0;
  ModelScoreOptions options;
  std::int64_t layer = 0;                  ///< number in the model, of options.layer
  std::vector<std::string> stages;         ///< of randomization, in order; empty if not measured
  std::int64_t forward_passes = 0;         ///< that the whole run takes
  std::vector<ModelSampleScores> samples;  ///< in sample-id order
};

/// Means, intervals and paired differences. The same for any number of threads.
/// @param advance progress, in replicates  @param stop true: give up; the result is nothing to show
ModelSummary summarize_model(const ModelScoreTable& table, std::int64_t threads,
                             const std::function<void(std::int64_t)>& advance = {},
                             const std::function<bool()>& stop = {});

}  // namespace intr

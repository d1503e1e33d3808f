// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/sample_annotations.h"
#include "intr/attention/sample_loop.h"
#include "intr/attention/sample_scores.h"
#include "intr/attention/score_summary.h"

namespace intr {

/// What `intr-score maps` is asked for, beside samples and annotations.
struct ScoreOptions {
  std::int64_t layer = -1;             ///< number in the model; -1 = last stored
  std::string query = "true";          ///< or predicted
  std::string geometry = "receptive";  ///< or stretch
  double mass = 0.5;                   ///< of the cells in which parts are looked for
  std::int64_t replicates = 2000;      ///< of the bootstrap; 0 = no intervals
  std::int64_t seed = 0;               ///< of the bootstrap
  std::int64_t pairs = 20;             ///< most frequent confusions that are listed; 0 = all
};
void describe(ScoreOptions& options, OptionSet& set);
/// @throws UsageError
void validate(const ScoreOptions& options);

/// The measures of all samples, in sample-id order.
struct ScoreTable {
  DumpFacts facts;
  std::int64_t samples_in_dump = 0;
  std::int64_t layer = 0;               ///< number in the model
  std::vector<std::int32_t> heads;      ///< [N] numbers in the model of the single heads
  std::vector<std::string> part_names;  ///< [K]
  bool has_boxes = false, has_parts = false;
  std::int64_t boxes_outside = 0;  ///< their pictures, and left out
  std::vector<DumpSample> samples;
  std::vector<SampleScores> scores;  ///< of each sample
  std::vector<Confusion> confusions;
};

/// Reads and measures samples in several threads. The same for any number of threads.
/// @param rows rising
/// @param failures where samples go whose maps cannot be read; they are not in the table
/// @throws UsageError if the dump does not hold the layer, or the query of any sample
ScoreTable score_samples(const MapReader& reader, std::span<const std::int64_t> rows,
                         const Annotations& annotations, const ScoreOptions& options,
                         const LoopControl& control, std::vector<SampleFailure>& failures);

}  // namespace intr

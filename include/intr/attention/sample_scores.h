// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/geometry.h"
#include "intr/attention/map_format.h"
#include "intr/attention/measures.h"
#include "intr/attention/part_consistency.h"
#include "intr/attention/sample_annotations.h"

namespace intr {

/// What is measured on which maps.
struct ScoreSetup {
  std::int64_t layer = 0;     ///< place among the stored layers
  bool of_predicted = false;  ///< maps of the predicted class; else of the true one
  Geometry geometry = Geometry::kReceptive;
  double mass = 0.5;  ///< of the cells in which parts are looked for, in (0, 1]
};

/// Measures of one map.
struct MapScores {
  PerMeasure<MapMeasure> values;
  std::int32_t nearest_part = -1;  ///< to its peak; -1 if no part is visible
};

/// Measures of one sample. If the maps of the query are not stored, theirs are NaN, and so are
/// baselines: both are means over the same samples.
struct SampleScores {
  bool has_maps = false;
  MapScores mean;                ///< of the head mean; its part coverage is that of any head
  std::vector<MapScores> heads;  ///< [N] of single heads
  PerMeasure<SampleMeasure> values;
  std::vector<std::uint8_t> part_visible;  ///< [K]; empty without maps
  PartHits part_hits;
};

/// Measures a sample. Thread-safe.
/// @param values its stored maps, [layers, Q, heads, h, w]
SampleScores score_sample(const DumpFacts& facts, const DumpSample& sample,
                          std::vector<float> values, const SampleAnnotation& annotation,
                          const ScoreSetup& setup);

}  // namespace intr

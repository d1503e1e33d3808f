// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/score_summary.h"

namespace intr {

/// One picture of what intr-score found.
struct ScorePlot {
  enum class Kind {
    kHeads,
    kContrast,
    kCalibration,
    kParts,
    kDeletion,
    kInsertion,
    kHeadsRemoved,
    kRandomization
  };
  Kind kind = Kind::kHeads;
  std::string name;  ///< of its file, such as "plots/heads-entropy.svg"
  std::string svg;
};

/// Each measure of single heads head by head, contrast against margin, calibration, heads against
/// parts: those that there are values for, in this order. Same summary, same bytes.
std::vector<ScorePlot> score_plots(const ScoreSummary& summary);

}  // namespace intr

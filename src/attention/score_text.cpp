// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_text.h"

#include <fmt/format.h>

#include "intr/attention/measure_note.h"
#include "intr/attention/measures_text.h"

namespace intr {

std::string score_text(const ScoreSummary& summary) {
  std::string text = measures_text(summary.measures, summary.heads);
  if (summary.replicates > 0) text += fmt::format("{}\n", interval_note());
  return text;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_summary.h"

#include <algorithm>

namespace intr {

const MeasureSummary* find_measure(const std::vector<MeasureSummary>& measures,
                                   const std::string& id) noexcept {
  const auto found = std::find_if(measures.begin(), measures.end(),
                                  [&](const MeasureSummary& measure) { return measure.id == id; });
  return found == measures.end() ? nullptr : &*found;
}

const MeasureSummary* ScoreSummary::find(const std::string& id) const noexcept {
  return find_measure(measures, id);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_summary.h"

#include <algorithm>

namespace intr {

const MeasureSummary* ModelSummary::find(const std::string& id) const noexcept {
  const auto found = std::ranges::find(measures, id, &MeasureSummary::id);
  return found == measures.end() ? nullptr : &*found;
}

}  // namespace intr

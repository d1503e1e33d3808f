// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_warnings.h"

#include <fmt/format.h>

namespace intr {

std::vector<std::string> score_warnings(const ScoreSummary& summary) {
  std::vector<std::string> warnings;
  if (!summary.complete)
    warnings.push_back(fmt::format("{} of {} samples: the dump is not complete",
                                   summary.samples_in_dump, summary.samples_planned));
  if (summary.without_maps > 0)
    warnings.push_back(fmt::format(
        "{} of {} samples have no maps of the {} class: only their predictions are measured",
        summary.without_maps, summary.num_samples, summary.query));
  if (summary.boxes_outside > 0)
    warnings.push_back(fmt::format("{} boxes lie outside their pictures and count as missing",
                                   summary.boxes_outside));
  return warnings;
}

}  // namespace intr

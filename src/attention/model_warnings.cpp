// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_warnings.h"

#include <fmt/format.h>

namespace intr {

std::vector<std::string> model_warnings(const ModelSummary& summary) {
  std::vector<std::string> warnings;
  if (!summary.complete)
    warnings.push_back(fmt::format("the dump is not complete: {} of {} samples are there",
                                   summary.samples_in_dump, summary.samples_planned));
  if (summary.without_target > 0)
    warnings.push_back(
        fmt::format("{} of {} samples have no label, and so no target: they are not measured",
                    summary.without_target, summary.num_samples));
  if (summary.without_map > 0)
    warnings.push_back(fmt::format(
        "{} of {} samples have no stored map of their target: they have no curves. Next: dump them "
        "with --queries true,top:1",
        summary.without_map, summary.num_samples));
  return warnings;
}

}  // namespace intr

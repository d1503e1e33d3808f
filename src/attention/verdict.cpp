// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/verdict.h"

#include <cmath>

namespace intr {

Verdict judge(const DumpSample& sample) {
  Verdict verdict;
  verdict.labeled = sample.label >= 0;
  if (sample.top_class.empty()) return verdict;
  verdict.predicted = sample.top_class[0];
  verdict.right = verdict.labeled && verdict.predicted == sample.label;
  const double best = static_cast<double>(sample.top_logit[0]);
  verdict.probability = std::exp(best - static_cast<double>(sample.log_z));
  if (sample.top_logit.size() > 1) verdict.margin = best - static_cast<double>(sample.top_logit[1]);
  // Without a label the runner-up is the second best class.
  const std::int32_t excluded = verdict.labeled ? sample.label : verdict.predicted;
  for (const std::int32_t candidate : sample.top_class) {
    if (candidate == excluded) continue;
    verdict.runner_up = candidate;
    break;
  }
  return verdict;
}

}  // namespace intr

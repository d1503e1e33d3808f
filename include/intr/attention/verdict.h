// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "intr/attention/map_reader.h"

namespace intr {

/// What the model said about a sample, from the columns of a dump.
struct Verdict {
  std::int32_t predicted = -1;  ///< best class
  std::int32_t runner_up = -1;  ///< best class other than the true one; -1 if there is none
  bool labeled = false;         ///< the true class is known
  bool right = false;
  double probability = 0;  ///< of the predicted class
  double margin = 0;       ///< logit of the best minus logit of the second best class
};
Verdict judge(const DumpSample& sample);

}  // namespace intr

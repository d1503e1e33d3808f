// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/model_score_plan.h"

namespace intr::test {

/// A plan of five samples in pieces of two, two of them randomized.
inline ModelScorePlan small_score_plan() {
  ModelScorePlan plan;
  plan.content_id = "c0ffee";
  plan.model_hash = "1234abcd";
  plan.dataset_id = "birds";
  plan.precision = "fp32";
  plan.options = {{"measures", "curves,heads"}, {"layer", 5}, {"seed", -3}};
  plan.sample_ids = {3, 17, 18, 200, 5793};
  plan.randomized_ids = {17, 200};
  plan.piece_samples = 2;
  identify(plan);
  return plan;
}

}  // namespace intr::test

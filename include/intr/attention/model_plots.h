// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "intr/attention/model_summary.h"
#include "intr/attention/score_plots.h"

namespace intr {

/// Curves of deletion and of insertion, what single heads are worth, maps of a network that is made
/// random: those that there are values for, in this order. Same summary, same bytes.
std::vector<ScorePlot> model_plots(const ModelSummary& summary);

}  // namespace intr

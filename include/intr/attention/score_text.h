// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/score_summary.h"

namespace intr {

/// What a terminal shows: the table of measures, and what to know of its intervals.
std::string score_text(const ScoreSummary& summary);

}  // namespace intr

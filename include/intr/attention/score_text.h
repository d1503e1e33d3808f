// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/score_summary.h"

namespace intr {

/// A table for a terminal: a line a measure with its mean, interval, the head where it is largest
/// and baselines. Measures without any value are named in a last line.
std::string score_text(const ScoreSummary& summary);

}  // namespace intr

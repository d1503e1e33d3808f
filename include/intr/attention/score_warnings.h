// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/score_summary.h"

namespace intr {

/// What the numbers of a summary leave out although a reader would expect it: a sentence each,
/// plain text without a closing period.
std::vector<std::string> score_warnings(const ScoreSummary& summary);

}  // namespace intr

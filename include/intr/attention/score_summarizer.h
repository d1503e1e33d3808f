// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "intr/attention/score_summary.h"
#include "intr/attention/score_table.h"

namespace intr {

/// Means over samples and classes, with bootstrap intervals. The same for any number of threads.
/// @param dump as the user named it
/// @param advance progress, in replicates; never called by two threads at once
/// @param stop    true: draw no more replicates. The summary is then of no use
ScoreSummary summarize(const ScoreTable& table, const ScoreOptions& options,
                       const std::string& dump, std::int64_t threads,
                       const std::function<void(std::int64_t)>& advance = {},
                       const std::function<bool()>& stop = {});

}  // namespace intr

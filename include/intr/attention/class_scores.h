// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/attention/score_summary.h"
#include "intr/attention/score_table.h"

namespace intr {

/// Ids of the measures whose means are given for each class.
std::vector<std::string> class_column_ids();

/// The classes that have samples, by number: counts, means over their samples, and the share of
/// heads that are consistent.
std::vector<ClassScores> scores_by_class(const ScoreTable& table);

/// Head-part consistency, over these classes: all = share of consistent pairs of class and head;
/// heads = share of classes.
/// @param stop true: draw no more replicates. The summary is then of no use
MeasureSummary summarize_consistency(const ScoreTable& table, const ScoreOptions& options,
                                     std::int64_t threads, const std::function<bool()>& stop = {});

}  // namespace intr

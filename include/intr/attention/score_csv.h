// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/score_summary.h"
#include "intr/attention/score_table.h"

/// Tables of `intr-score maps` as CSV (RFC 4180), with a header line. Numbers have nine digits;
/// what is not there is "nan". Names are printable.
namespace intr {

/// A line a sample: sample (id), path, class, predicted, the measures (of maps: of the head mean),
/// nearest_part. `intr-render gallery --scores` reads it.
std::string samples_csv(const ScoreTable& table);
/// A line a sample and head: sample, head, the measures of maps, nearest_part.
std::string heads_csv(const ScoreTable& table);
/// A line a class: class, name, samples, hits, means of measures, consistent_heads.
std::string classes_csv(const ScoreSummary& summary);
/// A line a head and part: head, part, share of samples whose nearest part it is, low, high,
/// samples that show the part.
std::string parts_csv(const ScoreSummary& summary);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/model_summarizer.h"
#include "intr/attention/model_summary.h"

/// Tables of `intr-score model` as CSV (RFC 4180), with a header line. Numbers have nine digits;
/// what is not there is "nan". Names are printable.
namespace intr {

/// A line a sample: sample (id), class, predicted, target (names; empty if unknown), the measures
/// that were asked for, and with heads heads_removed: "h3 h1" if head 3 was the first to go, then
/// head 1. `intr-render gallery --scores` reads it.
std::string model_samples_csv(const ModelScoreTable& table);
/// A line a sample and head: sample, head, effect, flips, kept. No line if heads were not asked
/// for.
std::string model_heads_csv(const ModelScoreTable& table);
/// A line a point of a mean curve and quantity: kind, order, step (0 to T), share of changed cells,
/// quantity, mean, low, high, n (samples).
std::string curves_csv(const ModelSummary& summary);
/// A line a stage and quantity: stage, quantity, mean, low, high, n.
std::string randomization_csv(const ModelSummary& summary);

}  // namespace intr

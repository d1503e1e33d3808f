// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace intr {

/// A sentence or two on how to read a measure of intr-score. Empty for measures that are not known.
/// @param id as in MeasureSummary
std::string_view measure_note(const std::string& id);

/// What a baseline of intr-score maps is: a sentence. Empty for names that are not known.
/// @param name as in ScoreBaseline
std::string_view baseline_note(const std::string& name);

/// The same of intr-score model, where baselines are other orders of cells.
std::string_view order_note(const std::string& name);

/// What to know of bootstrap intervals before leaning on them.
std::string_view interval_note();

/// A unit as it stands beside a number: "x uniform" with a multiplication sign.
std::string printed_unit(const std::string& unit);

/// A name with blanks instead of underscores.
std::string printed_name(std::string name);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "intr/attention/score_summary.h"

/// The tables of the score report, as HTML. Names are data: escaped.
namespace intr {

/// "5,794".
std::string grouped_digits(std::int64_t number);
/// "71.8 %"; "–" if there is nothing to divide by.
std::string shown_percent(std::int64_t part, std::int64_t whole);

/// Every measure: mean, interval, counts, baselines. Empty if there are none.
std::string measure_table(std::span<const MeasureSummary> measures);

/// The classes that the model gets wrong and right most often, with the means of their samples: all
/// classes if there are few. Of equal accuracies the class with more samples, then the lower number
/// comes first. Empty if no class has samples.
/// @param gallery address of a gallery's page to link to; "" for no links
std::string class_tables(const ScoreSummary& summary, const std::string& gallery);

/// The pairs of classes that were mixed up most often. Empty if there are none.
std::string confusion_table(const ScoreSummary& summary, const std::string& gallery);

/// A path below or beside the page as an address: bytes with a meaning in addresses are encoded, so
/// that nothing but a relative path comes out. A web address stays one.
std::string page_address(const std::string& path);
/// Whether it begins with http:// or https://.
bool is_web_address(const std::string& address);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace intr {

/// Median, 10th and 90th percentile of a figure over rounds: {"median", "p10", "p90"}.
nlohmann::ordered_json spread(const std::vector<double>& values);

/// What figures depend on: processor, cores that may be used, fast number formats, memory, system.
nlohmann::ordered_json machine_facts();
/// Versions, compiler and kind of build.
nlohmann::ordered_json build_facts();
/// The largest resident set that this process has had, in MB of 2^20 bytes.
double peak_rss_mb();
/// Processor seconds of this process so far, of all its threads.
double processor_seconds();

/// Takes part in rounds that a driver leads, a JSON object a line: says `ready`, answers each line
/// "round" on standard input with what `round` gives, and at the end of input says `done`. Uses no
/// processor time while it waits.
void serve(nlohmann::ordered_json ready, const std::function<nlohmann::ordered_json()>& round);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace intr {

/// The columns of metrics.csv, which holds the numbers of metrics.jsonl for spreadsheets.
std::string metrics_csv_header();
/// A record of metrics.jsonl as a line of metrics.csv. What a record lacks, and what is no finite
/// number, is an empty field.
std::string metrics_csv_line(const nlohmann::ordered_json& record);

}  // namespace intr

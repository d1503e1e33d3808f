// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/comm/watched_sections.h"

namespace intr {

/// What a rank that waited too long leaves in ATTEMPT.stall/RANK.json, so that one of them can say
/// which rank is behind. Files, not messages: where a rank hangs, messages do, too.
struct StallReport {
  int rank = 0;
  std::string host;
  std::string section;
  std::int64_t step = -1;
  std::int64_t bucket = -1;
  double seconds = 0;            ///< without progress
  std::int64_t collectives = 0;  ///< begun: who began fewer is behind
  std::string last_collective;   ///< "gradients, step 8120, bucket 3"
};

/// @param place where the rank is
StallReport stall_report(const WatchedPlace& place, int rank, const std::string& host);
/// Writes folder/RANK.json with the stacks of this process's other threads.
void write_stall_report(const std::string& folder, const StallReport& report);
/// The reports that lie there, by rank; what cannot be read is left out.
std::vector<StallReport> read_stall_reports(const std::string& folder);

/// "rank 17 on node c12 has not reached gradients, step 8120, bucket 3 for 60 s".
/// @param reports by rank, at least one @param nodes name of each rank's node
std::string name_ranks_behind(const std::vector<StallReport>& reports,
                              const std::vector<std::string>& nodes);

}  // namespace intr

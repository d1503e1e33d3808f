// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/attention/dump_plan.h"

namespace intr {

/// The share of one of several jobs that work on a dump without knowing each other.
struct DumpPart {
  std::int64_t number = 0;  ///< from 0
  std::int64_t count = 1;

  bool whole() const noexcept { return count == 1; }
};

/// "i/n", or "auto" for a task of a Slurm array: its place among the array's tasks. "" is the whole
/// dump.
/// @param environment value of a variable, "" if it is not set
/// @throws UsageError
DumpPart parse_part(const std::string& text,
                    const std::function<std::string(const char* name)>& environment);

/// The pieces of a part, dealt by cost. A pure function of the plan: parts never share a piece.
std::vector<std::int64_t> pieces_of_part(const DumpPlan& plan, const DumpPart& part);
/// Those of the given pieces that a rank computes, in plan order, dealt by cost.
std::vector<std::int64_t> deal_pieces(const DumpPlan& plan, const std::vector<std::int64_t>& pieces,
                                      std::int64_t rank, std::int64_t world_size);

}  // namespace intr

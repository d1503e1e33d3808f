// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/attention/dump_part.h"
#include "intr/attention/dump_plan.h"

/// What a dump will take, before it starts.
namespace intr {

/// Refuses to start if the missing maps cannot fit: their bytes and 5 % and 64 MiB.
/// @throws EnvironmentError with the arithmetic and cheaper options
void require_space(std::uint64_t missing_bytes, std::uint64_t free_bytes,
                   const std::string& folder);
/// What --dry-run prints: samples, grids, bytes, free space, files, this job's part, share of each
/// rank.
std::string describe_plan(const DumpPlan& plan, const DumpPart& part, std::int64_t world_size,
                          std::uint64_t free_bytes);

}  // namespace intr

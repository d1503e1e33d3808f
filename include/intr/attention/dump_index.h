// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/attention/plan_file.h"

namespace intr {

/// Whether a piece is there and is what the plan says: plan id, number, sample ids and size.
/// @param with_hashes also reads all its maps and checks their hashes and values
/// @return "" if it can be kept; else what is wrong with it, "missing" if it is not there
std::string piece_trouble(const std::string& folder, const DumpPlanFile& plan, std::uint32_t number,
                          bool with_hashes);

/// Whether dump.json and an index of all samples are there: a run, a merge and a reader agree on
/// it. A folder that has one of them alone was left between two steps of closing it.
bool dump_is_finished(const std::string& folder);

/// Reads all pieces, checks their hashes, and writes index.h5 and then dump.json: with that the
/// dump is finished.
/// @param run what dump.json says of the run (ranks, seconds); null keeps what stands there
/// @throws DataError naming pieces that are missing or damaged
void write_dump_index(const std::string& folder, const DumpPlanFile& plan,
                      const nlohmann::ordered_json& run = {});

/// Writes an index.h5 of the sound pieces that are there, marked as not complete unless they are
/// all; then a dump.json that is there goes. @return samples in it. @throws DataError if there are
/// none
std::int64_t write_partial_index(const std::string& folder, const DumpPlanFile& plan);

/// Removes temporary files of killed writers. Those still at work find what they write in place.
void remove_dump_leftovers(const std::string& folder, const DumpPlanFile& plan);

}  // namespace intr

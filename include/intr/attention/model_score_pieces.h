// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/attention/model_score_plan.h"

/// FOLDER/piece-00017.json: finished samples of `intr-score model`, so that a run that was stopped
/// goes on where it was. Each is an object whose member "sample" is its id.
namespace intr {

/// "piece-00017.json".
std::string score_piece_file_name(std::int64_t number);

/// Writes a piece with its hash, atomically. It is fine if another job was faster.
/// @param samples those of the plan, in its order @throws InternalError if they are others
/// @throws Error if it cannot be written
void write_score_piece(const std::string& folder, const ModelScorePlan& plan, std::int64_t number,
                       std::vector<nlohmann::ordered_json> samples);

/// The samples of a piece. @throws DataError if it is missing, damaged or of another run
std::vector<nlohmann::ordered_json> read_score_piece(const std::string& folder,
                                                     const ModelScorePlan& plan,
                                                     std::int64_t number);

/// Whether a piece is there and is what the plan says.
/// @return "" if it can be kept; else what is wrong with it, "missing" if it is not there
std::string score_piece_trouble(const std::string& folder, const ModelScorePlan& plan,
                                std::int64_t number);

/// Removes temporary files of killed writers. Those still at work find what they write in place, or
/// fail: call it where all pieces are there.
void remove_score_leftovers(const std::string& folder, const ModelScorePlan& plan);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"
#include "intr/data/evaluation_plan.h"

/// DUMP/plan.json: what is being computed. It depends on the data, the model and the options, never
/// on ranks.
namespace intr {

/// The samples of one piece, in the order in which they are stored.
struct PlannedPiece {
  std::vector<std::int64_t> sample_ids;
  std::uint64_t map_elements = 0;
  std::uint64_t bytes = 0;  ///< of all that is stored
};

struct DumpPlanFile {
  DumpFacts facts;                 ///< with classes, content_id and plan_id
  std::string logits = "stored";   ///< or "all"
  std::string selection = "all";   ///< which samples of the split, as options or their hash
  std::int64_t batch_size = 0;     ///< images of a forward pass
  std::int64_t piece_samples = 0;  ///< a piece is closed at this many
  std::vector<PlannedPiece> pieces;

  std::int64_t num_samples() const noexcept;
  std::uint64_t map_bytes() const noexcept;  ///< of all that is stored
  std::uint32_t num_pieces() const noexcept { return static_cast<std::uint32_t>(pieces.size()); }
};

/// How the batches of a dump were put together, and how its files say so.
EvaluationBatching batching_of(const DumpFacts& facts);
std::string batching_text(EvaluationBatching batching);

/// Fills in both ids: content_id over all that changes a value; plan_id adds batch size and piece
/// size.
void identify(DumpPlanFile& plan);

nlohmann::ordered_json to_json(const DumpPlanFile& plan);
/// Reads FOLDER/plan.json. @throws DataError
DumpPlanFile read_dump_plan(const std::string& folder);
/// Puts FOLDER/plan.json in place unless one is there. @return whether this one won
bool place_dump_plan(const std::string& folder, const DumpPlanFile& plan);

/// Names and values of the fields that make two plans different, separated by "; ", or "".
std::string plan_difference(const DumpPlanFile& there, const DumpPlanFile& wanted);

}  // namespace intr

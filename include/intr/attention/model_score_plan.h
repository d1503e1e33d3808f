// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

/// FOLDER/plan.json of `intr-score model`: what is being computed. It depends on the dump, the
/// model and the options, never on ranks.
namespace intr {

/// Consecutive samples form a piece.
struct ModelScorePlan {
  std::string run_id;                  ///< of all that changes a number: identify()
  std::string content_id;              ///< of the dump
  std::string model_hash, dataset_id;  ///< as in the dump
  std::string precision;               ///< of products, here
  nlohmann::ordered_json options = nlohmann::ordered_json::object();  ///< what changes numbers
  std::vector<std::int64_t> sample_ids;                               ///< rising
  std::vector<std::int64_t> randomized_ids;                           ///< of them, rising
  std::int64_t piece_samples = 1;  ///< the last piece may have less

  std::int64_t num_pieces() const noexcept;
  /// Samples of piece 0 … num_pieces() - 1.
  std::span<const std::int64_t> piece(std::int64_t number) const;
};

/// The `count` samples with the smallest random numbers, rising; all of them if count is 0 or
/// there are no more. Those of a smaller count are among those of a larger one: drawn again out of
/// sample_ids, the randomized ones are those that were drawn first.
std::vector<std::int64_t> draw_samples(const std::vector<std::int64_t>& ids, std::int64_t count,
                                       std::int64_t seed);
/// Samples of a piece: few enough that a kill costs little, and at most 1,024 pieces while they
/// stay below 64 samples.
std::int64_t score_piece_samples(std::int64_t num_samples) noexcept;

/// Fills in run_id. How samples are cut into pieces does not count.
void identify(ModelScorePlan& plan);

nlohmann::ordered_json to_json(const ModelScorePlan& plan);
/// Reads FOLDER/plan.json. @throws DataError
ModelScorePlan read_score_plan(const std::string& folder);
/// Puts FOLDER/plan.json in place unless one is there. @return whether this one won
bool place_score_plan(const std::string& folder, const ModelScorePlan& plan);

/// Names and values of the fields that make two plans different, separated by "; ", or "". Plans
/// that differ in piece_samples alone describe the same numbers: go on with the one that is there.
std::string plan_difference(const ModelScorePlan& there, const ModelScorePlan& wanted);

}  // namespace intr

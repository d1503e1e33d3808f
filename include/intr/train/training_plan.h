// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/train/plan_assumptions.h"
#include "intr/train/train_options.h"

namespace intr {

/// What `intr-train --plan` is told beside the options of the run that it plans.
struct PlanOptions {
  bool plan = false;
  std::int64_t ranks = 0;
  std::int64_t ranks_per_node = 0;  ///< 0 = 8, or all where they are fewer
  std::string network = kAssumedNetwork;
  double step_ms = 0;        ///< of one rank; 0 = assumed, as the next three
  double backward_ms = 0;    ///< part of the step
  double spread_ms = 0;      ///< standard deviation of steps
  double save_stall_ms = 0;  ///< what a save takes from training
};
void describe(PlanOptions& options, OptionSet& set);
/// @throws UsageError naming the option
void validate(const PlanOptions& options);

/// Where a number of a plan comes from.
enum class Origin : std::uint8_t { kGiven, kMeasured, kModelled, kAssumed };

struct PlanFigure {
  std::string name;
  double value = 0;
  std::string unit;  ///< empty: a count or a share
  Origin origin = Origin::kModelled;
};

/// What a run on so many ranks would be like.
struct TrainingPlan {
  std::vector<PlanFigure> figures;
  std::vector<std::int64_t> bucket_bytes;
  std::vector<std::string> notes;  ///< sentences on what is missing or does not fit
  /// @throws InternalError if there is no such figure
  const PlanFigure& figure(const std::string& name) const;
};

/// Plans a run without MPI and without training: models its messages and says what it needs.
/// @param options after validate_settings()
/// @throws DataError if the data set or the profile that they name cannot be read
TrainingPlan plan_training(TrainOptions options, const PlanOptions& plan);

/// {"schema": "intr-plan/1", "figures": {NAME: {value, unit, origin}}, "bucket_bytes": [], "notes":
/// []}
nlohmann::ordered_json to_json(const TrainingPlan& plan);
/// A table for people.
std::string to_text(const TrainingPlan& plan);

}  // namespace intr

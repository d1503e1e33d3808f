// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "intr/comm/communicator.h"
#include "intr/core/exit_code.h"
#include "intr/core/option_set.h"
#include "intr/model/weight_import.h"
#include "intr/train/compute_place.h"
#include "intr/train/evaluator.h"
#include "intr/train/reading_options.h"
#include "intr/train/train_options.h"

namespace intr {

/// Everything that intr-eval can be told.
struct EvaluationOptions {
  std::string model;     ///< weight file or run directory
  ModelRequest request;  ///< what the file may not tell
  std::string data;
  std::string split = "val";
  std::string csv;  ///< file for one line a sample; empty = none
  std::string out;  ///< file for the JSON; empty = none
  std::int64_t pairs = 20;
  std::int64_t batch_size = 12;
  std::string batching = "size";   ///< see EvaluationBatching
  std::string precision = "fp32";  ///< fp32, tf32, bf16
  bool reference_math = false;     ///< see reference_math()
  bool json = false;
  bool quiet = false;
  ReadingOptions reading;
  PlaceOptions place;
};
/// @param set outlives the options, which ask it what was given
void describe(EvaluationOptions& options, OptionSet& set);
/// @throws UsageError naming the option
void validate(const EvaluationOptions& options);

/// What was evaluated, beside the numbers.
struct EvaluationFacts {
  std::string model_hash, dataset_id, split, transform, precision;
  std::int64_t step = 0;
  std::int64_t batch_size = 0;
  std::vector<std::string> classes;
};

/// The result as JSON: counts, accuracies in per cent with Wilson's 95 % intervals, loss,
/// calibration and the most frequent confusions. Fractions are rounded to five digits behind the
/// point. @param pairs how many confusions
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation, const EvaluationFacts& facts,
                                       std::int64_t pairs);
/// One line a sample, in sample-id order, under a header line.
std::string evaluation_csv(const Evaluation& evaluation, const EvaluationFacts& facts,
                           const DataIndex& index);

/// Does what the options of intr-eval say. Collective. @return kDone or kStopped
ExitCode run_evaluation_job(const EvaluationOptions& options, const ComputePlace& place,
                            Communicator& communicator,
                            const std::function<bool()>& stop_requested);

}  // namespace intr

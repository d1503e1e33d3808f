// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "intr/train/evaluator.h"
#include "intr/train/phase_clock.h"
#include "intr/train/trainer.h"

namespace intr {

/// Lines of metrics.jsonl and log.txt. The fields `time`, `ms`, `images_s` and `loader`
/// hold times; all others are the same, character for character, in a run that was stopped and
/// resumed.

/// A step: loss, rates, gradient norm, accuracies in per cent of its own pictures.
/// @param before what lay between the last step and this one
nlohmann::ordered_json step_record(const StepReport& report, const BetweenSteps& before);
/// An evaluation after `step` optimizer steps. @param seconds it took
nlohmann::ordered_json evaluation_record(const Evaluation& evaluation, std::int64_t step,
                                         std::int64_t epoch, double seconds);
/// An epoch in the published format. @param evaluation null if the epoch was not evaluated
nlohmann::ordered_json epoch_record(const EpochSums& sums, const Evaluation* evaluation,
                                    std::int64_t epoch, double lr, std::int64_t num_parameters);

}  // namespace intr

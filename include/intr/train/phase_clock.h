// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "intr/train/trainer.h"

namespace intr {

/// What lies between two steps, in seconds, on the thread that trains.
struct BetweenSteps {
  double checkpoint = 0;  ///< what saving took of it
  double other = 0;       ///< the rest: records, checks of replicas; evaluations are counted apart
};

/// Accounts for the wall time of a start from its first step on: every second belongs to a phase.
class PhaseClock {
 public:
  void saved(double seconds) noexcept { saved_s_ += seconds; }
  void evaluated(double seconds) noexcept { evaluated_s_ += seconds; }
  /// A step ended. @param now seconds of a steady clock  @return what lay before it, since the last
  BetweenSteps step(const StepTimes& times, double now);

  /// Seconds of each phase so far, with what came after the last step. Empty before the first.
  /// @param now seconds of the same clock
  nlohmann::ordered_json seconds(double now) const;
  /// "data 0.2 %, forward 34.1 %, …": for the log; "" before the first step.
  std::string shown(double now) const;

 private:
  bool started_ = false;
  double last_end_ = 0;
  double saved_s_ = 0;      ///< since the last step
  double evaluated_s_ = 0;  ///< since the last step
  StepTimes steps_;
  BetweenSteps between_;
  double all_evaluated_s_ = 0;
};

}  // namespace intr

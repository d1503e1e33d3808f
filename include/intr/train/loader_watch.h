// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "intr/train/trainer.h"

namespace intr {

/// Notices when training waits for data: every 100 steps, if more than 5 % of their time was
/// waiting, it says so and which stage of the loader takes longest.
class LoaderWatch {
 public:
  static constexpr std::int64_t kSteps = 100;
  static constexpr double kMostWaiting = 0.05;

  /// @return a warning after the last of 100 steps, else ""
  std::string add(const StepReport& report);

 private:
  std::int64_t steps_ = 0;
  double wait_s_ = 0, all_s_ = 0;
  double read_s_ = 0, decode_s_ = 0, resize_s_ = 0;
};

}  // namespace intr

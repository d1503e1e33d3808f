// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace intr {

/// How much of the time since a run's first start went into training that was kept: its ETTR,
/// effective training time ratio. Time in the queue, of work that was lost, of evaluation and of
/// starting is the rest.
struct UsefulTime {
  double step_s = 0;  ///< in steps whose result was kept
  double wall_s = 0;  ///< since the first start

  double ratio() const noexcept { return wall_s > 0 ? step_s / wall_s : 0; }
  /// {"ettr", "step_s", "wall_s"}
  nlohmann::ordered_json to_json() const;
  /// "93.1 % of the time since the first start (2h05m) went into steps".
  std::string shown() const;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/useful_time.h"

#include <fmt/format.h>

#include <cmath>

#include "intr/core/shown_duration.h"

namespace intr {
namespace {

double milliseconds(double seconds) { return std::round(seconds * 1e3) / 1e3; }

}  // namespace

nlohmann::ordered_json UsefulTime::to_json() const {
  return {{"ettr", std::round(ratio() * 1e4) / 1e4},
          {"step_s", milliseconds(step_s)},
          {"wall_s", milliseconds(wall_s)}};
}

std::string UsefulTime::shown() const {
  return fmt::format("{:.1f} % of the time since the first start ({}) went into steps",
                     100 * ratio(), shown_duration(wall_s));
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace intr {

/// What may ask a job to stop.
struct StopSource {
  std::function<bool()> requested = [] { return false; };
  std::function<const char*()> name = [] { return ""; };
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/core/exit_code.h"

namespace intr {

/// Whether these words of intr-train ask for a plan instead of training.
bool asks_for_plan(const std::vector<std::string>& arguments);
/// intr-train --plan: prints what a run would be like. Needs no MPI.
ExitCode plan_run(const std::vector<std::string>& arguments);

}  // namespace intr

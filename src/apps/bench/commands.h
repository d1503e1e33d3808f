// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/core/exit_code.h"

namespace intr {

/// The sub-commands of intr-bench, each with the words behind its name.
ExitCode bench_loader(const std::vector<std::string>& arguments);

}  // namespace intr

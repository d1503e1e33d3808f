// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/core/exit_code.h"

namespace intr {

using Words = std::vector<std::string>;

/// The commands of intr-weights. @param words behind the command's name
ExitCode inspect_weights(const Words& words);
ExitCode verify_weights(const Words& words);
ExitCode diff_weights(const Words& words);
ExitCode convert_weights(const Words& words);

}  // namespace intr

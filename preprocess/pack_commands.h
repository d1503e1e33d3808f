// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intr/core/exit_code.h"

namespace intr {

/// The sub-commands of intr-pack, each with the words behind its name.
ExitCode pack_command(const std::vector<std::string>& arguments,
                      const std::function<bool()>& stop_requested);
ExitCode verify_command(const std::vector<std::string>& arguments);
ExitCode ls_command(const std::vector<std::string>& arguments);

}  // namespace intr

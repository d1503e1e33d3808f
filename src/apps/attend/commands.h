// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/core/exit_code.h"

/// What intr-attend does with dumps that are there, each with the words behind its name.
namespace intr {

ExitCode attend_merge(const std::vector<std::string>& arguments);
ExitCode attend_verify(const std::vector<std::string>& arguments);
ExitCode attend_status(const std::vector<std::string>& arguments);

}  // namespace intr

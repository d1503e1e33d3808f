// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/core/exit_code.h"

namespace intr {

/// The sub-commands of intr-score, each with the words behind its name.
ExitCode score_maps(const std::vector<std::string>& arguments);
/// @throws EnvironmentError in a build without LibTorch
ExitCode score_model(const std::vector<std::string>& arguments);

/// Several lines for --version: what this program is built with.
std::string score_build_facts();
/// After a failure: ends every rank with this status, where there can be others.
void end_all_ranks(int status);

}  // namespace intr

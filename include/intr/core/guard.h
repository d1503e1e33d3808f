// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "intr/core/exit_code.h"

namespace intr {

/// Runs a program's body and turns whatever it throws into one line on standard error and an exit
/// status: an Error into its own, running out of memory into 78, anything else into 70.
/// @param program    name printed before the message
/// @param body       the program
/// @param on_failure called with the status after the message was printed; under MPI it aborts the
/// job, so that no
///                   rank waits for one that failed
int run_guarded(const std::string& program, const std::function<ExitCode()>& body,
                const std::function<void(int)>& on_failure = {});

}  // namespace intr

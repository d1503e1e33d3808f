// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "intr/core/exit_code.h"

namespace intr {

/// A body that also tells job scripts how it ended, for launchers lose exit codes: in the file that
/// INTR_ATTEMPT_RECORD names, one line of JSON with "code", "cause" and "message". Without that
/// variable nothing is written. Of several ranks the first failure counts before any success; what
/// cannot be written is a warning. What the body throws goes on.
std::function<ExitCode()> recorded(std::function<ExitCode()> body);

}  // namespace intr

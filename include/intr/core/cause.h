// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "intr/core/exit_code.h"

namespace intr {

/// Why an attempt ended. The words of the record; job scripts read them.
enum class Cause {
  kDone,
  kStopSignal,
  kDeadline,
  kHalt,
  kPeerLost,
  kHang,
  kNan,
  kReplica,
  kData,
  kConfig,
  kBug
};
std::string_view word_of(Cause cause);

/// The cause that an error's exit code stands for.
Cause cause_of(ExitCode code);

}  // namespace intr

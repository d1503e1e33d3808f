// SPDX-License-Identifier: Apache-2.0
#include "intr/core/cause.h"

#include "intr/core/error.h"

namespace intr {

std::string_view word_of(Cause cause) {
  switch (cause) {
    case Cause::kDone:
      return "done";
    case Cause::kStopSignal:
      return "stop-signal";
    case Cause::kDeadline:
      return "deadline";
    case Cause::kHalt:
      return "halt";
    case Cause::kPeerLost:
      return "peer-lost";
    case Cause::kHang:
      return "hang";
    case Cause::kNan:
      return "nan";
    case Cause::kReplica:
      return "replica";
    case Cause::kData:
      return "data";
    case Cause::kConfig:
      return "config";
    case Cause::kBug:
      return "bug";
  }
  throw InternalError("a cause that is not in the list");
}

Cause cause_of(ExitCode code) {
  switch (code) {
    case ExitCode::kDone:
    case ExitCode::kDifferent:
      return Cause::kDone;
    case ExitCode::kUsage:
    case ExitCode::kEnvironment:
      return Cause::kConfig;
    case ExitCode::kBadData:
      return Cause::kData;
    case ExitCode::kStopped:
      return Cause::kStopSignal;
    case ExitCode::kPeerLost:
      return Cause::kPeerLost;
    case ExitCode::kDiverged:
      return Cause::kNan;
    case ExitCode::kBug:
      return Cause::kBug;
  }
  return Cause::kBug;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace intr {

/// What a program's exit status means. Job scripts decide to requeue on kStopped and kPeerLost
/// alone.
enum class ExitCode : int {
  kDone = 0,
  kDifferent = 1,     ///< compared and different; diff commands only
  kUsage = 2,         ///< wrong options
  kBadData = 65,      ///< an input file is damaged, missing or does not fit
  kBug = 70,          ///< a fault of this program
  kStopped = 75,      ///< stopped early on request; resumable
  kPeerLost = 76,     ///< another rank died or hung; resumable
  kDiverged = 77,     ///< training diverged
  kEnvironment = 78,  ///< the configuration or the machine cannot work
};

}  // namespace intr

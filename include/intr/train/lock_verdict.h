// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/train/lock_holder.h"

namespace intr {

/// Whether a lock stands.
struct LockVerdict {
  enum class Kind { kStale, kLive, kUndecidable };
  Kind kind = Kind::kUndecidable;
  std::string reason;  ///< for messages
};

/// A lock is stale if its holder is an earlier start of this very job, if the scheduler says that
/// its job does not run, or if its process is gone from this host. Asks the scheduler.
/// @param locked whether a process is seen to have the lock's file locked
LockVerdict judge_lock(const LockHolder& holder, const LockHolder& me, bool locked);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace intr {

/// run.lock: one live job a run directory. Holds host, boot, process and its start time as JSON. A
/// lock is stale if its host is this one and that process is gone.
class RunLock {
 public:
  /// @param force take it even from a holder that looks alive
  /// @throws EnvironmentError naming the holder
  RunLock(const std::string& folder, bool force);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  /// Reads the lock again. @throws PeerError if another job holds it now, or nobody
  void require_held() const;
  /// Removes the lock if it is still ours.
  ~RunLock();

 private:
  std::string path_;
  std::string contents_;
};

}  // namespace intr

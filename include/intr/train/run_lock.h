// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "intr/io/file_lock.h"
#include "intr/train/lock_holder.h"

namespace intr {

class AtomicFile;

/// run.lock: one live job a run directory. The file names its holder (LockHolder), which also keeps
/// it locked. It appears by link(2), of which one of many succeeds; a stale one (LockVerdict) is
/// replaced under a lock on run.lock.guard.
class RunLock {
 public:
  /// Where the guard's lock is not seen across machines, two may replace a stale lock one after the
  /// other. This long after, who judged it before it was replaced has replaced it, too.
  static constexpr std::chrono::milliseconds kSecondLook{2000};

  /// @param force       take it even from a holder that may live
  /// @param second_look time from replacing a lock to looking whether it was replaced again
  /// @throws EnvironmentError naming the holder
  RunLock(const std::string& folder, bool force,
          std::chrono::milliseconds second_look = kSecondLook);
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  /// Reads the lock again. @throws PeerError if another job holds it now, or nobody
  void require_held() const;
  /// Removes the lock if it is still ours.
  ~RunLock();

 private:
  bool place(const AtomicFile& file) const;
  std::string require_stale(const std::string& found) const;
  bool replace(AtomicFile& file, const std::string& found) const;
  FileLock guard() const;

  std::string path_;
  LockHolder me_ = LockHolder::this_process();
  std::string contents_ = me_.text();
  std::optional<FileLock> lock_;  ///< on the file; shows that this process lives
};

}  // namespace intr

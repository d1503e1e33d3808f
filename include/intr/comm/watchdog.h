// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "intr/comm/watched_sections.h"
#include "intr/core/error.h"

namespace intr {

/// A thread that looks whether this rank goes on, and acts where it does not. It makes no MPI call:
/// a library that hangs would hang it, too. Where the whole process stood still, as under SIGSTOP,
/// that time is forgiven.
class Watchdog {
 public:
  /// Called by the watchdog's thread.
  struct Actions {
    std::function<bool()> stop_wanted = [] { return false; };
    std::function<void(const WatchedPlace&)> warn = {};          ///< past half the limit
    std::function<void(const WatchedPlace&)> stalled = {};       ///< at the limit; usually the end
    std::function<void(const WatchedPlace&)> stop_overdue = {};  ///< when a stop is late; same
    std::function<void()> check_peers = [] {};                   ///< each second
    std::function<void(const PeerError&)> peer_lost = {};        ///< what it threw; usually the end
  };
  /// Starts to watch. @param sections must outlive the watchdog; their clock is steady_seconds()
  Watchdog(WatchedSections& sections, Actions actions);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog();

 private:
  void watch();
  bool peer_is_lost();

  WatchedSections& sections_;
  Actions actions_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace intr

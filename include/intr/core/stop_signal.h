// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace intr {

/// Turns SIGUSR1, SIGUSR2, SIGTERM and SIGINT into a flag: "stop at the next good moment".
///
/// Construct it before MPI and before any thread starts: it blocks the signals in the calling
/// thread, all later threads inherit that, and one thread of its own waits for them. Nothing runs
/// inside a signal handler. A second signal at least two seconds after the first leaves at once
/// with status 75: what is on disk stands.
class StopSignal {
 public:
  /// @param before_leaving called before the process leaves at once; must not throw
  explicit StopSignal(std::function<void()> before_leaving = {});
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  ~StopSignal();

  bool requested() const noexcept { return requested_.load(std::memory_order_relaxed); }
  /// Name of the signal that came first, such as "SIGUSR2"; empty before.
  const char* name() const noexcept { return name_.load(std::memory_order_relaxed); }

 private:
  void wait_for_signals();

  std::function<void()> before_leaving_;
  std::atomic<bool> requested_{false};
  std::atomic<const char*> name_{""};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace intr

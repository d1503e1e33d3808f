// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace intr {

/// Ends the process with status 76 if it still stands when the time is up: for a call into a
/// library that may hang and that nothing can interrupt. Time in which the whole process stood
/// still does not count.
class DeadlineGuard {
 public:
  /// @param call that the message names, such as "MPI_Finalize"
  DeadlineGuard(std::string call, std::chrono::milliseconds limit);
  DeadlineGuard(const DeadlineGuard&) = delete;
  DeadlineGuard& operator=(const DeadlineGuard&) = delete;
  /// The call came back.
  ~DeadlineGuard();

 private:
  void watch();

  std::string call_;
  std::chrono::milliseconds limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/deadline_guard.h"

#include <unistd.h>

#include <utility>

#include "intr/core/exit_code.h"
#include "intr/core/log.h"

namespace intr {
namespace {

constexpr std::chrono::milliseconds kPause(100);

}  // namespace

DeadlineGuard::DeadlineGuard(std::string call, std::chrono::milliseconds limit)
    : call_(std::move(call)), limit_(limit), thread_([this] { watch(); }) {}

DeadlineGuard::~DeadlineGuard() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void DeadlineGuard::watch() {
  std::unique_lock lock(mutex_);
  // Pauses are counted, not time: a process that was stopped has not waited.
  for (std::chrono::milliseconds passed{}; passed < limit_; passed += kPause)
    if (changed_.wait_for(lock, kPause, [this] { return ended_; })) return;
  log::error(
      "{} has not come back for {:g} s: another rank is gone or hangs, or the launcher does. Next: "
      "look for the first error of any rank; started again, the job goes on",
      call_, std::chrono::duration<double>(limit_).count());
  ::_exit(static_cast<int>(ExitCode::kPeerLost));
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/comm/watchdog.h"

#include <chrono>
#include <utility>

#include "intr/core/log.h"
#include "intr/core/stopwatch.h"
#include "intr/core/thread_name.h"

namespace intr {
namespace {

constexpr std::chrono::milliseconds kPause(100);
/// A pause that took so much longer was none of this process.
constexpr double kStoodStill_s = 5;
constexpr double kPeerPause_s = 1;

}  // namespace

Watchdog::Watchdog(WatchedSections& sections, Actions actions)
    : sections_(sections), actions_(std::move(actions)), thread_([this] { watch(); }) {}

Watchdog::~Watchdog() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Watchdog::peer_is_lost() {
  try {
    actions_.check_peers();
    return false;
  } catch (const PeerError& error) {
    actions_.peer_lost(error);
    return true;
  }
}

void Watchdog::watch() {
  name_this_thread("watchdog");
  double last = steady_seconds();
  double next_check = last + kPeerPause_s;
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kPause, [this] { return ending_; })) {
    const double present = steady_seconds();
    if (present - last > kStoodStill_s) sections_.forgive(present - last);
    last = present;
    try {
      if (present >= next_check) {
        next_check = present + kPeerPause_s;
        if (peer_is_lost()) return;
      }
      switch (sections_.judge(present, actions_.stop_wanted())) {
        case WatchedSections::Verdict::kFine:
          break;
        case WatchedSections::Verdict::kWarn:
          actions_.warn(sections_.place(present));
          break;
        case WatchedSections::Verdict::kStalled:
          actions_.stalled(sections_.place(present));
          return;
        case WatchedSections::Verdict::kStopOverdue:
          actions_.stop_overdue(sections_.place(present));
          return;
      }
    } catch (const std::exception& error) {
      log::warning("the watchdog stumbled: {}", error.what());
    }
  }
}

}  // namespace intr

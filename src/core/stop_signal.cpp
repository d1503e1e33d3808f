// SPDX-License-Identifier: Apache-2.0
#include "intr/core/stop_signal.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <utility>

#include "intr/core/exit_code.h"
#include "intr/core/log.h"

namespace intr {
namespace {

sigset_t stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGTERM, SIGINT}) sigaddset(&set, signal);
  return set;
}

const char* signal_name(int signal) {
  switch (signal) {
    case SIGUSR1:
      return "SIGUSR1";
    case SIGUSR2:
      return "SIGUSR2";
    case SIGTERM:
      return "SIGTERM";
    default:
      return "SIGINT";
  }
}

}  // namespace

StopSignal::StopSignal(std::function<void()> before_leaving)
    : before_leaving_(std::move(before_leaving)) {
  const sigset_t set = stop_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { wait_for_signals(); });
}

StopSignal::~StopSignal() {
  ending_ = true;
  pthread_kill(thread_.native_handle(), SIGUSR1);  // wakes sigwait
  thread_.join();
}

void StopSignal::wait_for_signals() {
  const sigset_t set = stop_signals();
  std::chrono::steady_clock::time_point first;
  while (true) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    if (ending_) return;
    const auto now = std::chrono::steady_clock::now();
    if (!requested_) {
      first = now;
      name_ = signal_name(signal);
      requested_ = true;
      log::info("got {}: stopping at the next step", signal_name(signal));
    } else if (now - first >= std::chrono::seconds(2)) {
      log::warning("got {} again: leaving now; what is on disk stands", signal_name(signal));
      if (before_leaving_) before_leaving_();
      _exit(static_cast<int>(ExitCode::kStopped));
    }
  }
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
// Preloaded into programs by scripts/soak_steps.py: how much of its heap a process has in use. What
// lies in RAM does not say that, for freed memory stays with the process (intr/core/kept_memory.h).
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>

namespace {

constexpr auto kBetweenLooks = std::chrono::milliseconds(1);
constexpr int kLooks = 50;  ///< for each figure

std::size_t bytes_in_use() {
  const struct mallinfo2 all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

/// The file always holds the least of the newest looks, for a step needs some for a while.
[[noreturn]] void watch(int file) {
  for (;;) {
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (int look = 0; look < kLooks; ++look) {
      std::this_thread::sleep_for(kBetweenLooks);
      least = std::min(least, bytes_in_use());
    }
    char text[32] = {};
    const int length = std::snprintf(text, sizeof(text), "%20zu\n", least);
    if (pwrite(file, text, static_cast<std::size_t>(length), 0) != length) std::abort();
  }
}

__attribute__((constructor)) void start_watch() {
  const char* folder = std::getenv("INTR_HEAP_WATCH");
  if (folder == nullptr) return;
  const std::string path = std::string(folder) + "/" + std::to_string(getpid());
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) std::abort();
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the program's threads take its signals
  std::thread(watch, file).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

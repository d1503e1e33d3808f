// SPDX-License-Identifier: Apache-2.0
#include "intr/core/thread_stacks.h"

#include <execinfo.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <thread>

namespace intr {
namespace {

constexpr std::size_t kMostThreads = 64;
constexpr int kMostFrames = 48;
// A thread that blocks the signal never answers, one that waits for a core answers late.
using Clock = std::chrono::steady_clock;
constexpr Clock::duration kLeastPatience = std::chrono::milliseconds(50);
constexpr Clock::duration kMostPatience = std::chrono::milliseconds(500);
constexpr Clock::duration kPatienceForAll = std::chrono::seconds(3);

/// What a handler fills. A thread that answers late finds another number asked for.
struct Answer {
  std::atomic<long> asked{0};
  std::atomic<bool> there{false};
  std::array<void*, kMostFrames> frames{};
  int num_frames = 0;
};
Answer answer;

long this_thread() { return ::syscall(SYS_gettid); }

void on_signal(int) {
  long expected = this_thread();
  if (!answer.asked.compare_exchange_strong(expected, 0)) return;
  answer.num_frames = ::backtrace(answer.frames.data(), kMostFrames);
  answer.there = true;
}

/// Sets the handler for as long as it lives.
class Handler {
 public:
  Handler() {
    std::array<void*, 1> none{};
    ::backtrace(none.data(), 1);  // loads a library at the first call, which no handler may do
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    ::sigaction(number(), &action, &before_);
  }
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  ~Handler() {
    // A late answer must not meet the default action, which ends the process.
    if (before_.sa_handler == SIG_DFL) before_.sa_handler = SIG_IGN;
    ::sigaction(number(), &before_, nullptr);
  }
  static int number() { return SIGRTMIN + 6; }

 private:
  struct sigaction before_ = {};
};

std::vector<std::string> frames_of(long thread, Clock::duration patience) {
  answer.there = false;
  answer.asked = thread;
  if (::syscall(SYS_tgkill, ::getpid(), thread, Handler::number()) != 0) return {};
  const auto deadline = Clock::now() + patience;
  while (!answer.there && Clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  long expected = thread;
  if (answer.asked.compare_exchange_strong(expected, 0)) return {};  // it has not begun
  while (!answer.there) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::unique_ptr<char*, decltype(&std::free)> symbols(
      ::backtrace_symbols(answer.frames.data(), answer.num_frames), &std::free);
  if (symbols == nullptr) return {};
  std::vector<std::string> frames;
  for (int i = 1; i < answer.num_frames; ++i) frames.emplace_back(symbols.get()[i]);  // 0: handler
  return frames;
}

std::string name_of(long thread) {
  std::ifstream file(fmt::format("/proc/self/task/{}/comm", thread));
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

std::vector<ThreadStack> thread_stacks() {
  std::vector<long> threads;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task", ignored))
    threads.push_back(std::strtol(entry.path().filename().c_str(), nullptr, 10));
  std::sort(threads.begin(), threads.end());  // the main thread has the process's number
  std::erase(threads, this_thread());
  threads.resize(std::min(threads.size(), kMostThreads));
  const Handler handler;
  const auto end = Clock::now() + kPatienceForAll;
  std::vector<ThreadStack> stacks;
  for (const long thread : threads) {
    const auto patience = std::clamp(end - Clock::now(), kLeastPatience, kMostPatience);
    stacks.push_back({thread, name_of(thread), frames_of(thread, patience)});
  }
  return stacks;
}

}  // namespace intr

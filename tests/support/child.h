// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>

namespace intr::test {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;  ///< memory cannot be limited or measured
#elif defined(__has_feature)
inline constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
inline constexpr bool kAddressSanitizer = false;
#endif

/// What a child process may use; 0: no limit.
struct ChildLimits {
  std::int64_t memory_bytes = 0;  ///< of address space, beyond what it has at its start
  std::int64_t cpu_s = 0;
};

/// How a child process ended.
struct ChildResult {
  std::string text;             ///< what its job returned
  int signal = 0;               ///< that ended it
  int exit_code = -1;           ///< unless a signal did
  double cpu_s = 0;             ///< processor time
  std::int64_t peak_bytes = 0;  ///< resident memory at its peak, beyond what it had at its start
};

/// Bytes of a field of /proc/self/statm: 0 address space, 1 resident.
inline std::int64_t memory_now(int field) {
  std::ifstream file("/proc/self/statm");
  std::int64_t pages = 0;
  for (int i = 0; i <= field; ++i) file >> pages;
  return pages * ::sysconf(_SC_PAGESIZE);
}

template <class Resource>
void limit(Resource resource, std::int64_t amount) {
  const auto value = static_cast<rlim_t>(amount);
  const rlimit both = {value, value};
  if (::setrlimit(resource, &both) != 0) ::_exit(9);
}

/// Runs a job in a process of its own, and leaves it without destructors. What the job throws
/// becomes the text "exception: …".
inline ChildResult in_child(const std::function<std::string()>& job,
                            const ChildLimits& limits = {}) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
#if defined(__GLIBC__)
  if (!kAddressSanitizer) ::malloc_trim(0);  // what is free already would hide what the child takes
#endif
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("no child process");
  if (child == 0) {
    const std::int64_t before = memory_now(1);
    if (limits.memory_bytes > 0 && !kAddressSanitizer)
      limit(RLIMIT_AS, memory_now(0) + limits.memory_bytes);
    if (limits.cpu_s > 0) limit(RLIMIT_CPU, limits.cpu_s);
    std::string text;
    try {
      text = job();
    } catch (const std::exception& error) {
      text = std::string("exception: ") + error.what();
    }
    rusage usage = {};
    ::getrusage(RUSAGE_SELF, &usage);
    text = std::to_string(usage.ru_maxrss * 1024 - before) + " " + text;
    const bool told = ::write(ends[1], text.data(), text.size()) == std::ssize(text);
    ::_exit(told ? 0 : 1);
  }
  ::close(ends[1]);
  ChildResult result;
  std::array<char, 4096> block{};
  for (ssize_t got = 0; (got = ::read(ends[0], block.data(), block.size())) > 0;)
    result.text.append(block.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  rusage usage = {};
  ::wait4(child, &status, 0, &usage);
  for (const timeval& time : {usage.ru_utime, usage.ru_stime})
    result.cpu_s += static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
  if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
  const std::size_t space = result.text.find(' ');
  if (space == std::string::npos) return result;
  result.peak_bytes = std::stoll(result.text);
  result.text.erase(0, space + 1);
  return result;
}

}  // namespace intr::test

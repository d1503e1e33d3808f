// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/run_program.h"

namespace intr::test {

/// A program that runs beside the test, which may halt or kill it where it stands.
class StartedProgram {
 public:
  /// @param largest_file bytes that a file of it may grow to; the kernel refuses more as it does on
  /// a full disk. Negative: no limit
  explicit StartedProgram(const std::vector<std::string>& words, std::int64_t largest_file = -1) {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    child_ = ::fork();
    if (child_ < 0) throw std::runtime_error("cannot start " + words.front());
    if (child_ > 0) return;
    const int errors = ::open((scratch_ / "stderr").c_str(), O_WRONLY | O_CREAT, 0666);
    ::dup2(errors, STDERR_FILENO);
    ::dup2(errors, STDOUT_FILENO);
    if (largest_file >= 0) {
      const auto bytes = static_cast<rlim_t>(largest_file);
      const rlimit both = {bytes, bytes};
      ::setrlimit(RLIMIT_FSIZE, &both);
      ::signal(SIGXFSZ, SIG_IGN);  // then the write fails
    }
    ::execv(argv.front(), argv.data());
    ::_exit(127);
  }
  StartedProgram(const StartedProgram&) = delete;
  StartedProgram& operator=(const StartedProgram&) = delete;
  ~StartedProgram() {
    if (child_ > 0) send(SIGKILL), wait();
  }
  void send(int signal) const { ::kill(child_, signal); }
  /// Halts it as soon as something is so. @return false if it ended before
  bool halt_when(const std::function<bool()>& condition) {
    while (!condition()) {
      siginfo_t ended = {};
      if (::waitid(P_PID, static_cast<id_t>(child_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
          ended.si_pid != 0)
        return false;
    }
    send(SIGSTOP);
    siginfo_t halted = {};
    ::waitid(P_PID, static_cast<id_t>(child_), &halted, WSTOPPED | WEXITED | WNOWAIT);
    return halted.si_code == CLD_STOPPED;
  }
  /// Waits for its end. `errors` holds all that it printed.
  ProgramResult wait() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    child_ = -1;
    ProgramResult result;
    result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    std::ifstream file(scratch_ / "stderr", std::ios::binary);
    result.errors.assign(std::istreambuf_iterator<char>(file), {});
    return result;
  }

 private:
  TempDir scratch_;
  pid_t child_ = -1;
};

}  // namespace intr::test

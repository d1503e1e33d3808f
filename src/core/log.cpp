// SPDX-License-Identifier: Apache-2.0
#include "intr/core/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <mutex>
#include <string>

namespace intr::log {
namespace {

struct State {
  std::mutex mutex;
  int rank = 0;
  int world_size = 1;
  bool quiet = false;
  int file = -1;
};

State& state() {
  static State instance;
  return instance;
}

void put(int descriptor, const std::string& line) {
  // A log line that cannot be written has nowhere to be reported.
  [[maybe_unused]] const ssize_t written = ::write(descriptor, line.data(), line.size());
}

}  // namespace

void set_rank(int rank, int world_size) {
  const std::lock_guard lock(state().mutex);
  state().rank = rank;
  state().world_size = world_size;
}

void set_quiet(bool quiet) {
  const std::lock_guard lock(state().mutex);
  state().quiet = quiet;
}

bool quiet() {
  const std::lock_guard lock(state().mutex);
  return state().quiet;
}

void set_file(const std::string& path) {
  const std::lock_guard lock(state().mutex);
  if (state().file >= 0) ::close(state().file);
  state().file =
      path.empty() ? -1 : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
}

void write(Level level, std::string_view text) {
  State& s = state();
  const std::lock_guard lock(s.mutex);
  if (level == Level::kInfo && s.rank != 0) return;
  std::string line;
  if (level != Level::kInfo && s.world_size > 1) line += fmt::format("[rank {}] ", s.rank);
  if (level == Level::kWarning) line += "warning: ";
  if (level == Level::kError) line += "error: ";
  line += text;
  line += '\n';
  if (level != Level::kInfo || !s.quiet) put(STDERR_FILENO, line);
  if (s.file >= 0) put(s.file, line);
}

}  // namespace intr::log

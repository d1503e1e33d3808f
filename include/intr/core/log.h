// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

/// Lines for people, on standard error. Rank 0 says everything, other ranks only warnings and
/// errors, with their rank.
namespace intr::log {

enum class Level { kInfo, kWarning, kError };

/// Says who speaks. Before the call: one process.
void set_rank(int rank, int world_size);
/// Keeps information lines back; warnings and errors stay.
void set_quiet(bool quiet);
bool quiet();
/// Also appends every line to this file (rank 0's train.log). An empty path ends that.
void set_file(const std::string& path);

/// Writes one whole line in one call. Thread-safe.
void write(Level level, std::string_view text);

template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kInfo, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kWarning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  write(Level::kError, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace intr::log

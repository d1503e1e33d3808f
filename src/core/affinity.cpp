// SPDX-License-Identifier: Apache-2.0
#include "intr/core/affinity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "intr/core/error.h"

namespace intr {

std::vector<int> usable_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  std::vector<int> cores;
  if (sched_getaffinity(0, sizeof mask, &mask) != 0) return cores;
  for (int core = 0; core < CPU_SETSIZE; ++core)
    if (CPU_ISSET(static_cast<std::size_t>(core), &mask)) cores.push_back(core);
  return cores;
}

void keep_to_cores(std::span<const int> cores) {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  for (const int core : cores) CPU_SET(static_cast<std::size_t>(core), &mask);
  if (sched_setaffinity(0, sizeof mask, &mask) != 0)
    throw EnvironmentError(fmt::format("a thread cannot be kept on cores {}: {}",
                                       fmt::join(cores, " "), std::strerror(errno)),
                           {}, "look at the affinity mask: taskset -p PID");
}

std::int64_t available_cores() {
  const auto cores = static_cast<std::int64_t>(usable_cores().size());
  if (cores > 0) return cores;
  return std::max(1U, std::thread::hardware_concurrency());
}

std::int64_t compute_threads(std::int64_t requested, std::int64_t local_size) {
  if (requested > 0) return requested;
  // A launcher that binds gives each rank a mask of its own; one that does not gives all of them
  // the whole node.
  const std::int64_t cores = available_cores();
  const bool whole_node = cores >= static_cast<std::int64_t>(std::thread::hardware_concurrency());
  return std::max<std::int64_t>(1,
                                whole_node ? cores / std::max<std::int64_t>(1, local_size) : cores);
}

}  // namespace intr

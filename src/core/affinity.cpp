// SPDX-License-Identifier: Apache-2.0
#include "intr/core/affinity.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace intr {

std::int64_t available_cores() {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  if (sched_getaffinity(0, sizeof mask, &mask) == 0) return std::max(1, CPU_COUNT(&mask));
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

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace intr {

/// Cores that the calling thread may use, rising; none where the system does not say.
std::vector<int> usable_cores();
/// Keeps the calling thread, and those that it starts from now on, on these cores.
/// @throws EnvironmentError if the system refuses
void keep_to_cores(std::span<const int> cores);

/// Cores that this process may use: the size of its affinity mask, which Slurm, mpirun or taskset
/// set.
std::int64_t available_cores();

/// Compute threads of a rank: `requested` if positive, else its share of the affinity mask, at
/// least 1.
/// @param local_size ranks on this node that share the mask
std::int64_t compute_threads(std::int64_t requested, std::int64_t local_size);

}  // namespace intr

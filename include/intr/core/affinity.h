// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace intr {

/// Cores that this process may use: the size of its affinity mask, which Slurm, mpirun or taskset
/// set.
std::int64_t available_cores();

/// Compute threads of a rank: `requested` if positive, else its share of the affinity mask, at
/// least 1.
/// @param local_size ranks on this node that share the mask
std::int64_t compute_threads(std::int64_t requested, std::int64_t local_size);

}  // namespace intr

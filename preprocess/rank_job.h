// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "preprocess/rank_team.h"

namespace intr {

/// Processes that a launcher (mpirun, srun) says it started, from its environment; 1 without one.
std::int64_t launched_ranks();

/// All ranks of the job. MPI starts at the first call of one of its functions, on all ranks alike:
/// commands parse their options before. A build without MPI knows one rank and refuses a launcher
/// that started more. One of two source files stands behind this and end_ranks(); CMake chooses.
/// @throws EnvironmentError at the first call
std::unique_ptr<RankTeam> make_rank_team();
/// After a failure: ends this process and all other ranks with this status, if MPI runs.
void end_ranks(int status) noexcept;

}  // namespace intr

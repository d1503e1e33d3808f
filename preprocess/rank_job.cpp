// SPDX-License-Identifier: Apache-2.0
#include "preprocess/rank_job.h"

#include <algorithm>
#include <cstdlib>

namespace intr {

std::int64_t launched_ranks() {
  std::int64_t ranks = 1;
  // Of Open MPI, of MPICH's launchers, of a Slurm job step (a batch script's own shell has none).
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"}) {
    if (const char* text = std::getenv(name))
      ranks = std::max<std::int64_t>(ranks, std::strtoll(text, nullptr, 10));
  }
  return ranks;
}

}  // namespace intr

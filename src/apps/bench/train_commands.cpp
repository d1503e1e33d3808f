// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "commands.h"
#include "intr/comm/mpi_environment.h"

namespace intr {

std::span<const BenchCommand> train_bench_commands() {
  static constexpr std::array kCommands = {
      BenchCommand{"checkpoint", "stall and time of saving a model's training state",
                   bench_checkpoint},
      BenchCommand{"comm", "sums over MPI ranks, beside the bare MPI call", bench_comm},
      BenchCommand{"eval", "evaluation of batches of given shapes", bench_eval},
      BenchCommand{"step", "training steps over batches of given shapes", bench_step},
  };
  return kCommands;
}

void end_all_ranks(int status) { MpiEnvironment::abort(status); }

}  // namespace intr

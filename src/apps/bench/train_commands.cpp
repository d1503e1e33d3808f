// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "commands.h"
#include "intr/comm/mpi_environment.h"
#include "intr/train/device.h"

namespace intr {
namespace {

template <ExitCode (*command)(const std::vector<std::string>&)>
ExitCode on_device(const std::vector<std::string>& arguments) {
  return with_device_errors([&] { return command(arguments); });
}

}  // namespace

std::span<const BenchCommand> train_bench_commands() {
  static constexpr std::array kCommands = {
      BenchCommand{"attend", "attention dumps beside plain evaluation, in turns",
                   on_device<bench_attend>},
      BenchCommand{"checkpoint", "stall and time of saving a model's training state",
                   bench_checkpoint},
      BenchCommand{"comm", "sums over MPI ranks, beside the bare MPI call", bench_comm},
      BenchCommand{"eval", "evaluation of batches of given shapes", on_device<bench_eval>},
      BenchCommand{"step", "training steps over batches of given shapes", on_device<bench_step>},
  };
  return kCommands;
}

void end_all_ranks(int status) { MpiEnvironment::abort(status); }

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "commands.h"

namespace intr {

std::span<const BenchCommand> train_bench_commands() {
  static constexpr std::array kCommands = {
      BenchCommand{"checkpoint", "stall and time of saving a model's training state",
                   bench_checkpoint},
  };
  return kCommands;
}

}  // namespace intr

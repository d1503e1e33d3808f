// SPDX-License-Identifier: Apache-2.0
#include "commands.h"

namespace intr {

/// Built without LibTorch.
std::span<const BenchCommand> train_bench_commands() { return {}; }

void end_all_ranks(int) {}

}  // namespace intr

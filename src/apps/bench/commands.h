// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "intr/core/exit_code.h"

namespace intr {

struct BenchCommand {
  const char* name;
  const char* purpose;
  ExitCode (*run)(const std::vector<std::string>& arguments);
};
/// Those that need LibTorch; none in a build without it.
std::span<const BenchCommand> train_bench_commands();

/// The sub-commands of intr-bench, each with the words behind its name.
ExitCode bench_loader(const std::vector<std::string>& arguments);
ExitCode bench_checkpoint(const std::vector<std::string>& arguments);
ExitCode bench_attend(const std::vector<std::string>& arguments);
ExitCode bench_eval(const std::vector<std::string>& arguments);
ExitCode bench_comm(const std::vector<std::string>& arguments);
ExitCode bench_render(const std::vector<std::string>& arguments);
ExitCode bench_step(const std::vector<std::string>& arguments);

/// After a failure: ends every rank with this status, where there can be others.
void end_all_ranks(int status);

}  // namespace intr

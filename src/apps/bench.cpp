// SPDX-License-Identifier: Apache-2.0
// intr-bench: times parts of the system. Each sub-command has its files in src/apps/bench/.
#include <fmt/format.h>

#include <vector>

#include "bench/commands.h"
#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/option_set.h"
#include "intr/core/version.h"
#include "intr/io/exit_record.h"

namespace {

std::vector<intr::BenchCommand> all_commands() {
  std::vector<intr::BenchCommand> commands = {
      {"loader", "pictures a second of a split, from the packed set to batches",
       intr::bench_loader},
      {"render", "pictures a second that intr-render draws, in each style", intr::bench_render}};
  const auto others = intr::train_bench_commands();
  commands.insert(commands.end(), others.begin(), others.end());
  return commands;
}

intr::ExitCode run(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  std::string usage = "Usage: intr-bench COMMAND [options]\n\n";
  std::vector<std::string> names;
  for (const intr::BenchCommand& command : all_commands()) {
    names.emplace_back(command.name);
    usage += fmt::format("  {:<12} {}\n", command.name, command.purpose);
    if (word == command.name) return command.run(intr::arguments_of(argc, argv, 2));
  }
  usage +=
      "\nEach command answers --help. Figures are medians over rounds; compare ratios of programs\n"
      "that ran in turns on one machine, never numbers of two runs (docs/performance.md).\n";
  if (word == "--help" || word == "-h") {
    fmt::print("{}", usage);
    return intr::ExitCode::kDone;
  }
  if (word == "--version") {
    fmt::print("{}", intr::base_build_facts());
    return intr::ExitCode::kDone;
  }
  const std::string near = intr::nearest_match(word, names);
  throw intr::UsageError(word.empty() ? "a command is missing" : "unknown command", word,
                         near.empty() ? "intr-bench --help lists the commands"
                                      : fmt::format("did you mean '{}'?", near));
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded(
      "intr-bench", intr::recorded([&] { return run(argc, argv); }), intr::end_all_ranks);
}

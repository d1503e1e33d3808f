// SPDX-License-Identifier: Apache-2.0
// intr-score: measures of the attention that a dump holds.
#include <fmt/format.h>

#include <string>

#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/option_set.h"
#include "intr/io/exit_record.h"
#include "score/commands.h"

namespace {

using namespace intr;

constexpr const char* kUsage =
    "Usage: intr-score maps DUMP --out DIR [options]\n"
    "       [mpirun -n RANKS] intr-score model DUMP --model CKPT --data SET --out DIR [options]\n\n"
    "Measures the attention that intr-attend stored. 'intr-score COMMAND --help' lists the "
    "options.\n\n"
    "  maps    what the maps say by themselves, against boxes and against parts: tables with\n"
    "          intervals, from the dump alone\n"
    "  model   whether they show what decides, by running the network again: deletion and\n"
    "          insertion, heads taken away, values, a randomized network\n";

ExitCode run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  if (command == "maps") return score_maps(arguments_of(argc, argv, 2));
  if (command == "model") return score_model(arguments_of(argc, argv, 2));
  if (command == "--version") {
    fmt::print("{}", score_build_facts());
    return ExitCode::kDone;
  }
  if (command == "--help" || command == "-h") {
    fmt::print("{}", kUsage);
    return ExitCode::kDone;
  }
  throw UsageError(command.empty() ? "no command" : fmt::format("unknown command '{}'", command),
                   {}, "intr-score maps DUMP --out DIR; intr-score --help lists the commands");
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded("intr-score", intr::recorded([&] { return run(argc, argv); }),
                           intr::end_all_ranks);
}

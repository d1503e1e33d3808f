// SPDX-License-Identifier: Apache-2.0
// intr-pack: turns pictures into packed data sets, and looks at packed data sets.
#include <fmt/format.h>

#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/option_set.h"
#include "intr/core/stop_signal.h"
#include "intr/core/version.h"
#include "intr/io/exit_record.h"
#include "preprocess/pack_commands.h"
#include "preprocess/rank_job.h"

namespace {

using intr::ExitCode;

std::string usage() {
  std::string text = "Usage: intr-pack COMMAND …\n\n";
  for (const intr::PackCommand& command : intr::pack_commands())
    text += fmt::format("  {:<28} {}\n", command.usage, command.purpose);
  return text +
         "\nintr-pack COMMAND --help explains each; --version says what this program was built "
         "with.\n";
}

std::unique_ptr<intr::RankTeam> team_for(const intr::PackCommand& command) {
  if (command.divides_work) return intr::make_rank_team();
  if (const std::int64_t ranks = intr::launched_ranks(); ranks > 1) {
    throw intr::UsageError(fmt::format("one rank does all of the work, {} were started", ranks),
                           command.name, "start it without mpirun or srun, or with -n 1");
  }
  return std::make_unique<intr::SoloTeam>();
}

ExitCode run(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  std::vector<std::string> names;
  for (const intr::PackCommand& command : intr::pack_commands()) {
    names.emplace_back(command.name);
    if (word != command.name) continue;
    const intr::StopSignal stop;  // before MPI and every other thread: they inherit its mask
    const auto team = team_for(command);
    return command.run(intr::arguments_of(argc, argv, 2),
                       {team.get(), [&] { return stop.requested(); }});
  }
  if (word == "--help" || word == "-h") {
    fmt::print("{}", usage());
    return ExitCode::kDone;
  }
  if (word == "--version") {
    fmt::print("{}", intr::base_build_facts());
    return ExitCode::kDone;
  }
  const std::string near = intr::nearest_match(word, names);
  throw intr::UsageError(word.empty() ? "a command is missing" : "unknown command", word,
                         near.empty() ? "intr-pack --help lists the commands"
                                      : fmt::format("did you mean '{}'?", near));
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded(
      "intr-pack", intr::recorded([&] { return run(argc, argv); }), intr::end_ranks);
}

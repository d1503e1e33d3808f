// SPDX-License-Identifier: Apache-2.0
// intr-pack: turns pictures into a packed data set, and looks at packed data sets.
#include <fmt/format.h>

#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/option_set.h"
#include "intr/core/stop_signal.h"
#include "intr/core/version.h"
#include "preprocess/pack_commands.h"

namespace {

using intr::ExitCode;

constexpr const char* kUsage =
    "Usage: intr-pack COMMAND …\n\n"
    "  pack SOURCE --out SET   pack pictures into a data set\n"
    "  verify SET              check a data set, name every damage\n"
    "  ls SET                  list its samples\n\n"
    "intr-pack COMMAND --help explains each; --version says what this program was built with.\n";

ExitCode run(int argc, char** argv) {
  const std::string command = argc > 1 ? argv[1] : "";
  const std::vector<std::string> rest = intr::arguments_of(argc, argv, 2);
  if (command == "pack") {
    const intr::StopSignal stop;
    return intr::pack_command(rest, [&] { return stop.requested(); });
  }
  if (command == "verify") return intr::verify_command(rest);
  if (command == "ls") return intr::ls_command(rest);
  if (command == "--help" || command == "-h") {
    fmt::print("{}", kUsage);
    return ExitCode::kDone;
  }
  if (command == "--version") {
    fmt::print("{}", intr::base_build_facts());
    return ExitCode::kDone;
  }
  const std::string near = intr::nearest_match(command, {"pack", "verify", "ls"});
  throw intr::UsageError(command.empty() ? "a command is missing" : "unknown command", command,
                         near.empty() ? "intr-pack --help lists the commands"
                                      : fmt::format("did you mean '{}'?", near));
}

}  // namespace

int main(int argc, char** argv) {
  return intr::run_guarded("intr-pack", [&] { return run(argc, argv); });
}

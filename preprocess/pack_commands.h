// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intr/core/exit_code.h"
#include "preprocess/rank_team.h"

namespace intr {

/// What a sub-command of intr-pack gets from main.
struct CommandContext {
  RankTeam* team = nullptr;              ///< never null
  std::function<bool()> stop_requested;  ///< a signal asked to stop
};

/// A sub-command: its name, its place in the list of commands, and what runs it with the words
/// behind its name.
struct PackCommand {
  const char* name;
  const char* usage;    ///< "pack SOURCE --out SET"
  const char* purpose;  ///< a few words
  bool divides_work;    ///< whether ranks share its work; others refuse more than one rank
  ExitCode (*run)(const std::vector<std::string>& arguments, const CommandContext& context);
};

/// All of them, in the order of the help text.
const std::vector<PackCommand>& pack_commands();

ExitCode pack_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode append_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode merge_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode verify_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode ls_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode stats_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode show_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode export_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode unpack_command(const std::vector<std::string>& arguments, const CommandContext& context);
ExitCode diff_command(const std::vector<std::string>& arguments, const CommandContext& context);

}  // namespace intr

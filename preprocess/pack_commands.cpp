// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_commands.h"

namespace intr {

const std::vector<PackCommand>& pack_commands() {
  static const std::vector<PackCommand> commands = {
      {"pack", "pack SOURCE --out SET", "pack pictures into a data set", true, pack_command},
      {"verify", "verify SET", "check a data set, name every damage", true, verify_command},
      {"ls", "ls SET", "list its samples", false, ls_command},
  };
  return commands;
}

}  // namespace intr

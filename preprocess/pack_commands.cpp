// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_commands.h"

namespace intr {

const std::vector<PackCommand>& pack_commands() {
  static const std::vector<PackCommand> commands = {
      {"pack", "pack SOURCE --out SET", "pack pictures into a data set", true, pack_command},
      {"append", "append SET SOURCE", "add pictures to a data set", false, append_command},
      {"merge", "merge SET SET … --out SET", "make one data set of several", false, merge_command},
      {"verify", "verify SET", "check a data set, name every damage", true, verify_command},
      {"ls", "ls SET", "list its samples", false, ls_command},
      {"stats", "stats SET", "count it: classes, sizes, flags, padding", false, stats_command},
      {"show", "show SET --sample ID|PATH", "all that is known of one sample", false, show_command},
      {"export", "export SET --sample ID -o X", "what the network sees of a sample", false,
       export_command},
      {"unpack", "unpack SET --out DIR", "write its pictures as files again", false,
       unpack_command},
      {"diff", "diff SET SOURCE", "compare it with what it was packed from", false, diff_command},
  };
  return commands;
}

}  // namespace intr

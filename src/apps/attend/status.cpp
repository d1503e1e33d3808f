// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "commands.h"
#include "intr/attention/dump_check.h"
#include "intr/core/option_set.h"
#include "intr/train/compute_place.h"

namespace intr {

ExitCode attend_status(const std::vector<std::string>& arguments) {
  std::vector<std::string> words;
  OptionSet set("intr-attend status DUMP", "Lists the pieces; exit status 0 finished, 75 not.");
  set.positional("DUMP", words, 1, 1, "folder of a dump");
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  const DumpStatus found = dump_status(words[0]);
  for (const DumpStatus::Piece& piece : found.pieces)
    fmt::print("{}  {:>5} samples  {}\n", piece.file, piece.samples,
               piece.trouble.empty() ? "there" : piece.trouble);
  fmt::print("{} of {} samples{}\n", found.samples_done, found.samples_planned,
             found.finished ? ", finished" : "");
  return found.finished ? ExitCode::kDone : ExitCode::kStopped;
}

}  // namespace intr

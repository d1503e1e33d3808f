// SPDX-License-Identifier: Apache-2.0
// intr-weights: looks at weight files of any format, checks, compares and converts them. Nothing of
// a file is executed.
#include <fmt/format.h>

#include "intr/core/error.h"
#include "intr/core/guard.h"
#include "intr/core/option_set.h"
#include "intr/core/version.h"
#include "weights/commands.h"

namespace {

constexpr const char* kHelp =
    "Usage: intr-weights COMMAND FILE... [options]\n\n"
    "Weight files: .pth (zip or legacy stream), .safetensors, checkpoints of intr-train, or a run\n"
    "directory (its best checkpoint). Nothing of a file is executed.\n\n"
    "  inspect FILE       what it is: format, family, architecture, tensors, values beside them\n"
    "  verify FILE        checks every byte; SHA-256\n"
    "  diff A B           compares two files of any formats; exit status 1 if they differ\n"
    "  convert IN OUT     writes .pth or .safetensors, to go back to Python\n\n"
    "For example, what a run trained, for the published Python code:\n\n"
    "  intr-weights convert run model.pth\n\n"
    "Each command answers --help. Exit status: 0 done, 1 different, 2 wrong usage, 65 bad file,\n"
    "70 a bug, 78 the environment.\n";

intr::ExitCode run(const std::string& word, const intr::Words& rest) {
  if (word == "inspect") return intr::inspect_weights(rest);
  if (word == "verify") return intr::verify_weights(rest);
  if (word == "diff") return intr::diff_weights(rest);
  if (word == "convert") return intr::convert_weights(rest);
  if (word == "--version") {
    fmt::print("{}", intr::base_build_facts());
    return intr::ExitCode::kDone;
  }
  if (word == "--help" || word == "-h") {
    fmt::print("{}", kHelp);
    return intr::ExitCode::kDone;
  }
  const std::string near = intr::nearest_match(word, {"inspect", "verify", "diff", "convert"});
  throw intr::UsageError(
      word.empty() ? "no command given" : fmt::format("unknown command '{}'", word), "intr-weights",
      near.empty() ? "--help lists the commands" : fmt::format("did you mean {}?", near));
}

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  return intr::run_guarded("intr-weights",
                           [&] { return run(word, intr::arguments_of(argc, argv, 2)); });
}

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "preprocess/pack_commands.h"
#include "preprocess/sample_facts.h"
#include "preprocess/set_lookup.h"
#include "preprocess/standard_output.h"

namespace intr {
namespace {

struct LsOptions {
  std::vector<std::string> set;
  std::string split;
  std::string class_name;
  std::string flag;
  bool long_form = false;
  bool json = false;
};

constexpr const char* kSummary =
    "Lists a packed data set, a sample a line: split, sample id, label, class, path, separated by "
    "tabs.\nIn class names and paths, '%' and bytes that are not printable UTF-8 are "
    "percent-encoded.\n\nFor example, the pictures of a class whose transparency was dropped:\n\n"
    "  intr-pack ls SET --split train --class crow --flag alpha_dropped --long";

void describe(LsOptions& o, OptionSet& set) {
  set.positional("SET", o.set, 1, 1, "folder that intr-pack wrote");
  set.group("List")
      .add("split", o.split, "this split only")
      .add("class", o.class_name, "this class only")
      .add("flag", o.flag, "only samples with this flag, such as progressive or duplicate")
      .add("long", o.long_form, "also size, bytes, codec, mode and flags")
      .add("json", o.json, "a JSON object a line");
}

std::string line_of(const DataIndex& index, std::int64_t row, bool long_form) {
  std::string line =
      fmt::format("{}\t{}\t{}\t{}\t{}", index.split(), index.sample_id(row), index.label(row),
                  class_of(index, row), printable(index.path(row)));
  if (!long_form) return line;
  const std::vector<std::string> flags = flag_names(index.flags(row));
  return line + fmt::format("\t{}x{}\t{}\t{}\t{}\t{}", index.image_size(row).width,
                            index.image_size(row).height, index.length(row),
                            codec_word(index.codec(row)), mode_word(index.mode(row)),
                            flags.empty() ? "-" : fmt::format("{}", fmt::join(flags, ",")));
}

/// What the options choose of each split.
struct Choice {
  std::string class_name;  ///< empty: all
  std::uint32_t flags = 0;
};

void list_split(const DataIndex& index, const Choice& choice, const LsOptions& o) {
  for (std::int64_t row = 0; row < index.size(); ++row) {
    if (!choice.class_name.empty() && class_of(index, row) != choice.class_name) continue;
    if ((index.flags(row) & choice.flags) != choice.flags) continue;
    if (o.json) {
      fmt::print("{}\n",
                 (o.long_form ? sample_facts(index, row) : sample_identity(index, row)).dump());
    } else {
      fmt::print("{}\n", line_of(index, row, o.long_form));
    }
  }
}

}  // namespace

ExitCode ls_command(const std::vector<std::string>& arguments, const CommandContext&) {
  LsOptions o;
  OptionSet set("intr-pack ls SET [options]", kSummary);
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  const std::string& folder = o.set.front();
  const Manifest manifest = Manifest::read(folder);
  Choice choice;
  if (!o.class_name.empty()) choice.class_name = find_class(manifest, o.class_name);
  if (!o.flag.empty()) choice.flags = find_flag(o.flag);
  for (const std::string& split : chosen_splits(manifest, o.split))
    list_split(DataIndex::open(folder, split), choice, o);
  flush_output();
  return ExitCode::kDone;
}

}  // namespace intr

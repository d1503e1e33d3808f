// SPDX-License-Identifier: Apache-2.0
// The sub-commands that look at a packed set: verify and ls.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "intr/core/affinity.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/progress.h"
#include "intr/core/version.h"
#include "intr/data/data_index.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_format.h"
#include "preprocess/pack_commands.h"
#include "preprocess/set_verifier.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// The member of a list of names, or "unknown".
template <std::size_t N>
const char* name_of(const std::array<const char*, N>& names, std::uint8_t value) {
  return value < N ? names[value] : "unknown";
}

std::vector<std::string> flag_names(std::uint32_t flags) {
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < shard_format::kFlagNames.size(); ++bit)
    if ((flags >> bit & 1u) != 0) names.emplace_back(shard_format::kFlagNames[bit]);
  return names;
}

struct LsOptions {
  std::vector<std::string> set;
  std::string split;
  std::string class_name;
  bool long_form = false;
  bool json = false;
};

Json sample_json(const DataIndex& index, std::int64_t row, bool long_form) {
  const auto label = static_cast<std::size_t>(index.label(row));
  Json sample = {{"split", index.split()},
                 {"sample", index.sample_id(row)},
                 {"label", index.label(row)},
                 {"class", index.classes()[label]},
                 {"path", printable(index.path(row))}};
  if (!long_form) return sample;
  sample["width"] = index.image_size(row).width;
  sample["height"] = index.image_size(row).height;
  sample["bytes"] = index.length(row);
  sample["codec"] = name_of(shard_format::kCodecNames, index.codec(row));
  sample["mode"] = name_of(shard_format::kModeNames, index.mode(row));
  sample["orientation"] = index.orientation(row);
  sample["flags"] = flag_names(index.flags(row));
  sample["shard"] = index.shards()[static_cast<std::size_t>(index.shard_of(row))].file;
  return sample;
}

std::string sample_line(const DataIndex& index, std::int64_t row, bool long_form) {
  const auto label = static_cast<std::size_t>(index.label(row));
  std::string line =
      fmt::format("{}\t{}\t{}\t{}\t{}", index.split(), index.sample_id(row), index.label(row),
                  index.classes()[label], printable(index.path(row)));
  if (!long_form) return line;
  const std::vector<std::string> flags = flag_names(index.flags(row));
  return line + fmt::format("\t{}x{}\t{}\t{}\t{}\t{}", index.image_size(row).width,
                            index.image_size(row).height, index.length(row),
                            name_of(shard_format::kCodecNames, index.codec(row)),
                            name_of(shard_format::kModeNames, index.mode(row)),
                            flags.empty() ? "-" : fmt::format("{}", fmt::join(flags, ",")));
}

void list_split(const DataIndex& index, const LsOptions& o) {
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const auto label = static_cast<std::size_t>(index.label(row));
    if (!o.class_name.empty() && index.classes()[label] != o.class_name) continue;
    fmt::print("{}\n", o.json ? sample_json(index, row, o.long_form).dump()
                              : sample_line(index, row, o.long_form));
  }
}

void require_class(const Manifest& manifest, const std::string& name) {
  if (name.empty()) return;
  for (const std::string& known : manifest.classes)
    if (known == name) return;
  const std::string near = nearest_match(name, manifest.classes);
  throw UsageError(fmt::format("'{}' is no class of this set", name), "--class",
                   near.empty() ? "see the names with intr-pack ls SET"
                                : fmt::format("did you mean '{}'?", near));
}

}  // namespace

ExitCode verify_command(const std::vector<std::string>& arguments, const CommandContext&) {
  std::vector<std::string> sets;
  std::string level = "hash";
  std::int64_t threads = 0;
  bool quiet = false, json = false;
  OptionSet set("intr-pack verify SET [options]",
                "Checks a packed data set and names every damaged shard, sample and byte range.");
  set.positional("SET", sets, 1, 1, "folder that intr-pack wrote");
  set.group("Verify")
      .add("level", level,
           "quick (structure and sizes), hash (every byte) or decode (every picture)")
      .add("threads", threads, "threads; 0 = the cores this process may use")
      .add("quiet", quiet, "errors only")
      .add("json", json, "print the result as JSON");
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_choice("level", level, {"quick", "hash", "decode"});
  require_range("threads", threads, 0, 4096);
  log::set_quiet(quiet);
  std::int64_t total = 0;
  for (const Manifest::Split& split : Manifest::read(sets.front()).splits)
    total += split.num_samples;
  Progress progress("verifying", total, "samples");
  const VerifyResult result = verify_set(sets.front(),
                                         level == "quick"  ? VerifyLevel::kQuick
                                         : level == "hash" ? VerifyLevel::kHash
                                                           : VerifyLevel::kDecode,
                                         threads > 0 ? threads : available_cores(),
                                         [&](std::int64_t samples) { progress.advance(samples); });
  progress.finish();
  if (json) {
    Json damages = Json::array();
    for (const Damage& damage : result.damages) damages.push_back(damage.json());
    fmt::print("{}\n", Json({{"samples", result.samples},
                             {"shards", result.shards},
                             {"level", level},
                             {"damages", damages}})
                           .dump(2));
  }
  for (const Damage& damage : result.damages) log::error("{}", damage.text());
  if (result.damages.empty()) {
    log::info("{} samples in {} shards are good ({})", result.samples, result.shards, level);
    return ExitCode::kDone;
  }
  log::error("{} damaged places. Next: copy the shards again, or remove them and pack again",
             result.damages.size());
  return ExitCode::kBadData;
}

ExitCode ls_command(const std::vector<std::string>& arguments, const CommandContext&) {
  LsOptions o;
  OptionSet set("intr-pack ls SET [options]",
                "Lists a packed data set, a sample a line: split, sample id, label, class, path.");
  set.positional("SET", o.set, 1, 1, "folder that intr-pack wrote");
  set.group("List")
      .add("split", o.split, "this split only")
      .add("class", o.class_name, "this class only")
      .add("long", o.long_form, "also size, bytes, codec, mode and flags")
      .add("json", o.json, "a JSON object a line");
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  const Manifest manifest = Manifest::read(o.set.front());
  require_class(manifest, o.class_name);
  if (!o.split.empty()) manifest.split(o.set.front(), o.split);
  for (const Manifest::Split& split : manifest.splits)
    if (o.split.empty() || o.split == split.name)
      list_split(DataIndex::open(o.set.front(), split.name), o);
  return ExitCode::kDone;
}

}  // namespace intr

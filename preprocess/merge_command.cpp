// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "intr/core/affinity.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/shard_format.h"
#include "intr/io/atomic_file.h"
#include "preprocess/pack_commands.h"
#include "preprocess/set_union.h"
#include "preprocess/shard_lending.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

struct MergeOptions {
  std::vector<std::string> sets;
  std::string out;
  bool link = false;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
};

void describe(MergeOptions& o, OptionSet& set) {
  set.positional("SET", o.sets, 2, 1000, "folders that intr-pack wrote, in order of their ids");
  set.group("Merge")
      .add("out", o.out, "folder of the merged set")
      .add("link", o.link, "hard links to the shards instead of copies: one file system, no room")
      .add("threads", o.threads, "threads; 0 = the cores this process may use")
      .add("quiet", o.quiet, "warnings and errors only")
      .add("json", o.json, "print the summary as JSON");
}

void require_different(const std::vector<std::string>& sets) {
  std::set<std::string> seen;
  for (const std::string& set : sets) {
    std::error_code ignored;
    const fs::path path = fs::weakly_canonical(set, ignored);
    if (!seen.insert(path.string()).second)
      throw UsageError("is named twice", printable(set), "name each set once");
  }
}

/// @return whether the set is finished there already
bool is_finished(const std::string& out, const SetUnion& merged) {
  std::error_code ignored;
  if (!fs::exists(out + "/" + shard_format::kManifestFile, ignored)) return false;
  if (Manifest::read(out).dataset_id == merged.dataset_id()) return true;
  throw UsageError("holds a finished data set of something else", printable(out),
                   "give another folder with --out, or remove this one");
}

void require_own_files(const std::string& out, const std::vector<SetUnion::Lent>& shards) {
  for (const auto& entry : fs::directory_iterator(out)) {
    const std::string name = entry.path().filename().string();
    const auto ours = [&](const SetUnion::Lent& lent) { return lent.shard.file == name; };
    const bool shard = name.ends_with(".h5") && !name.ends_with(".index.h5");
    if (name != shard_format::kPlanFile &&
        (!shard || name.starts_with(".") || std::any_of(shards.begin(), shards.end(), ours)))
      continue;
    throw UsageError(fmt::format("holds {}, which is none of this merge's", printable(name)),
                     printable(out), "give an empty folder with --out, or remove that");
  }
}

void require_room(const std::string& out, const std::vector<SetUnion::Lent>& shards) {
  std::uint64_t needed = std::uint64_t{64} << 20;
  std::error_code ignored;
  for (const SetUnion::Lent& lent : shards)
    if (!fs::exists(out + "/" + lent.shard.file, ignored)) needed += lent.shard.bytes;
  const std::uint64_t available = free_bytes(out);
  if (needed > available)
    throw EnvironmentError(fmt::format("{} bytes are needed, {} are free", needed, available),
                           printable(out), "make room, give another --out, or take --link");
}

/// Paths that stand in a split more than once.
void warn_of_twins(const PackReport& report) {
  for (const PackedSplit& split : *report.splits) {
    std::set<std::string> seen;
    std::int64_t twins = 0;
    std::string first;
    for (std::int64_t row = 0; row < split.columns.size(); ++row) {
      const std::string path = split.columns.path_of(row);
      if (!seen.insert(path).second && twins++ == 0) first = path;
    }
    if (twins > 0)
      log::warning(
          "{} paths of split {} stand in two sets, such as {}. Next: name samples by their "
          "ids; intr-pack unpack refuses such a set",
          twins, split.name, printable(first));
  }
}

}  // namespace

ExitCode merge_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  MergeOptions o;
  OptionSet set("intr-pack merge SET SET … --out SET [options]",
                "Makes one data set of several. Classes are united by name. The same command goes "
                "on with an\nunfinished merge.");
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  require_given("out", o.out, "SET");
  require_range("threads", o.threads, 0, 4096);
  require_different(o.sets);
  log::set_quiet(o.quiet);
  SetUnion merged(o.sets, 1);
  if (is_finished(o.out, merged)) {
    log::info("nothing to do: {} is complete", printable(o.out));
    return ExitCode::kDone;
  }
  make_folder(o.out);
  const std::vector<SetUnion::Lent> shards = merged.lend(false);
  require_own_files(o.out, shards);
  if (!o.link) require_room(o.out, shards);
  if (!lend_shards(
          shards, o.out,
          {o.link, o.threads > 0 ? o.threads : available_cores(), context.stop_requested})) {
    log::warning("stopped on request; finished shards are kept. Next: run the same command again");
    return ExitCode::kStopped;
  }
  merged.write(o.out);
  warn_of_oddities(merged.report());
  warn_of_twins(merged.report());
  log::info("data set {} is complete in {}: {} shards of {} sets, {} classes", merged.dataset_id(),
            printable(o.out), shards.size(), o.sets.size(), merged.classes().size());
  if (o.json) fmt::print("{}\n", merged.report().summary().dump(2));
  return ExitCode::kDone;
}

}  // namespace intr

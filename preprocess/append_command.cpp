// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "intr/core/affinity.h"
#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/shard_format.h"
#include "preprocess/pack_commands.h"
#include "preprocess/packer.h"
#include "preprocess/picture_options.h"
#include "preprocess/set_union.h"
#include "preprocess/shard_lending.h"
#include "preprocess/source_options.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

struct AppendOptions {
  std::vector<std::string> places;  ///< SET, SOURCE
  SourceOptions pictures;
  PictureOptions picture;
  bool new_classes = false;
  std::string shard_size = "512MiB";
  std::string check = "decode";
  std::string on_error = "fail";
  std::string dedup = "report";
  bool restart = false;
  std::int64_t threads = 0;
  bool quiet = false;
  bool json = false;
};

void describe(AppendOptions& o, OptionSet& set) {
  set.positional("SET SOURCE", o.places, 2, 2, "a packed set, and where the new pictures are");
  describe(o.pictures, set);
  set.group("Append")
      .add("new-classes", o.new_classes, "classes that the set lacks are added behind its own")
      .add("shard-size", o.shard_size, "bytes of pictures a shard, 64MiB to 8GiB")
      .add("check", o.check, "how each picture is checked: decode (whole) or header")
      .add("on-error", o.on_error, "what a bad picture does: fail (all are listed), or skip")
      .add("dedup", o.dedup, "what equal new pictures do: report, or error")
      .add("restart", o.restart, "remove an unfinished appending of something else");
  describe(o.picture, set);
  set.group("Run")
      .add("threads", o.threads, "threads; 0 = the cores this process may use")
      .add("quiet", o.quiet, "warnings and errors only")
      .add("json", o.json, "print the summary as JSON");
}

void validate(AppendOptions& o, const OptionSet& set) {
  // For all but CSV files --split S is the same as --splits S.
  if (!o.pictures.split.empty() && !o.places.back().ends_with(".csv") && o.pictures.kind != "csv")
    o.pictures.splits = std::exchange(o.pictures.split, {});
  validate(o.pictures);
  validate(o.picture, set);
  require_choice("check", o.check, {"decode", "header"});
  require_choice("on-error", o.on_error, {"fail", "skip"});
  require_choice("dedup", o.dedup, {"report", "error"});
  require_range("threads", o.threads, 0, 4096);
  const std::uint64_t size = parse_bytes("shard-size", o.shard_size);
  if (size < (std::uint64_t{64} << 20) || size > (std::uint64_t{8} << 30))
    throw UsageError(fmt::format("{} is not within 64MiB to 8GiB", o.shard_size), "--shard-size");
}

std::string work_folder(const std::string& set, std::int64_t generation) {
  return fmt::format("{}/.append-g{}", set, generation);
}

void require_classes(const Manifest& manifest, const Listing& listing, bool new_classes,
                     const std::string& source) {
  std::vector<std::string> fresh;
  for (const std::string& name : listing.classes) {
    const auto& known = manifest.classes;
    if (std::find(known.begin(), known.end(), printable(name)) == known.end())
      fresh.push_back(name);
  }
  if (fresh.empty() || new_classes) return;
  throw DataError(fmt::format("classes that the set does not have: {}", shown(fresh)),
                  printable(source), "add them behind its own with --new-classes");
}

/// @return false if every picture is in the set already
bool has_new_pictures(const std::string& set, const Manifest& manifest, const Listing& listing,
                      const std::string& source) {
  std::int64_t known = 0;
  std::string first;
  for (const SourceSplit& split : listing.splits) {
    const auto same = [&](const Manifest::Split& packed) { return packed.name == split.name; };
    if (std::none_of(manifest.splits.begin(), manifest.splits.end(), same)) continue;
    const DataIndex index = DataIndex::open(set, split.name);
    std::set<std::string> paths;
    for (std::int64_t row = 0; row < index.size(); ++row) paths.insert(index.path(row));
    for (const SourceFile& file : split.files) {
      if (paths.count(file.path) == 0) continue;
      if (known++ == 0) first = split.name + "/" + file.path;
    }
  }
  if (known == listing.num_files()) return false;
  if (known == 0) return true;
  throw DataError(fmt::format("{} of {} pictures are in the set already, such as {}", known,
                              listing.num_files(), printable(first)),
                  printable(source), "leave them out with --exclude, or give new ones other names");
}

PackerOptions packer_options(const AppendOptions& o, const CommandContext& context) {
  PackerOptions options;
  options.check.decode = o.check == "decode";
  options.check.skip_bad = o.on_error == "skip";
  options.check.threads = o.threads > 0 ? o.threads : available_cores();
  apply(o.picture, options.check);
  options.restart = o.restart;
  options.refuse_duplicates = o.dedup == "error";
  options.stop_requested = context.stop_requested;
  return options;
}

/// The new shards get names of the next generation, and a new manifest takes the place of the old.
void finish(const AppendOptions& o, const std::string& work, std::int64_t generation) {
  const std::string& set = o.places.front();
  SetUnion all({set, work}, generation);
  lend_shards(all.lend(true), set, {.link = true});
  all.write(set, fmt::format("pack-report-g{}.json", generation));
  fs::remove_all(work);
  warn_of_oddities(all.report());
  log::info("generation {} of {} is complete: data set {}", generation, printable(set),
            all.dataset_id());
  if (o.json) fmt::print("{}\n", all.report().summary().dump(2));
}

}  // namespace

ExitCode append_command(const std::vector<std::string>& arguments, const CommandContext& context) {
  AppendOptions o;
  OptionSet set("intr-pack append SET SOURCE [options]",
                "Adds pictures to a packed set. Its files stay as they are, so jobs that read it "
                "go on. The same\ncommand goes on with an unfinished one.");
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(o, set);
  log::set_quiet(o.quiet);
  const std::string& target = o.places.front();
  const std::string& origin = o.places.back();
  const Manifest manifest = Manifest::read(target);
  std::error_code ignored;
  fs::remove_all(work_folder(target, manifest.generation), ignored);  // its work is done
  const std::string work = work_folder(target, manifest.generation + 1);
  const auto source = make_source(o.pictures, origin);
  const std::string options = byte_options(o.picture, source->stored_as()).dump();
  if (options != manifest.options.dump())
    throw UsageError(
        fmt::format("was packed with {}, this would be {}", manifest.options.dump(), options),
        printable(target), "give the options that it was packed with");
  Listing listing = scan(*source, o.pictures);
  for (const std::string& warning : listing.warnings) log::warning("{}", warning);
  require_classes(manifest, listing, o.new_classes, origin);
  if (!has_new_pictures(target, manifest, listing, origin)) {
    log::info("nothing to do: all {} pictures are in {} already", listing.num_files(),
              printable(target));
    return ExitCode::kDone;
  }
  const PackPlan plan =
      make_plan(std::move(listing), parse_bytes("shard-size", o.shard_size), options);
  Packer packer(*source, origin, plan, work, packer_options(o, context));
  if (packer.run() == PackOutcome::kStopped) {
    log::warning("stopped on request; finished shards are kept. Next: run the same command again");
    return ExitCode::kStopped;
  }
  finish(o, work, manifest.generation + 1);
  return ExitCode::kDone;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/option_set.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/data_index.h"
#include "preprocess/pack_commands.h"
#include "preprocess/pack_report.h"
#include "preprocess/packing_options.h"
#include "preprocess/set_union.h"
#include "preprocess/shard_lending.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

struct AppendOptions {
  std::vector<std::string> places;  ///< SET, SOURCE
  PackingOptions packing;
  bool new_classes = false;
};

void describe(AppendOptions& o, OptionSet& set) {
  set.positional("SET SOURCE", o.places, 2, 2, "a packed set, and where the new pictures are");
  set.group("Append").add("new-classes", o.new_classes,
                          "classes that the set lacks are added behind its own");
  describe(o.packing, set);
}

void validate(AppendOptions& o, const OptionSet& set) {
  SourceOptions& source = o.packing.source;
  // For all but CSV files --split S is the same as --splits S.
  if (!source.split.empty() && !o.places.back().ends_with(".csv") && source.kind != "csv")
    source.splits = std::exchange(source.split, {});
  validate(o.packing, set);
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

/// The new pictures must be stored and decoded as the set's are. Sets merged from several kinds of
/// storage take every kind.
void require_equal_options(const std::string& set, const Manifest& manifest,
                           const PictureOptions& picture, const std::string& stored_as) {
  nlohmann::ordered_json packed = manifest.options;
  packed.erase("annotations");  // the new pictures have their own
  const nlohmann::ordered_json ours = byte_options(picture, stored_as);
  const bool fits = packed["store"] == "mixed"
                        ? picture.exif == manifest.exif && picture.gray16 == manifest.gray16
                        : packed.dump() == ours.dump();
  if (fits) return;
  throw UsageError(fmt::format("was packed with {} (exif {}, gray16 {}), this would be {}",
                               packed.dump(), manifest.exif, manifest.gray16, ours.dump()),
                   printable(set), "give the options that it was packed with");
}

/// SPLIT/path of the pictures that the set has, and if wanted of those that were left out as bad.
std::set<std::string> known_pictures(const std::string& set, const Manifest& manifest,
                                     bool with_bad) {
  std::set<std::string> known;
  for (const Manifest::Split& split : manifest.splits) {
    const DataIndex index = DataIndex::open(set, split.name);
    for (std::int64_t row = 0; row < index.size(); ++row)
      known.insert(split.name + "/" + index.path(row));
  }
  if (!with_bad) return known;
  for (const BadFile& bad : read_bad_files(set, manifest.generation))
    known.insert(bad.split + "/" + bad.path);
  return known;
}

/// @param skip_bad whether bad pictures are left out: those of an append that is done stay so
/// @return false if every picture is in the set already
bool has_new_pictures(const std::string& set, const Manifest& manifest, const Listing& listing,
                      const std::string& source, bool skip_bad) {
  const std::set<std::string> all = known_pictures(set, manifest, skip_bad);
  std::int64_t known = 0;
  std::string first;
  for (const SourceSplit& split : listing.splits) {
    for (const SourceFile& file : split.files) {
      const std::string name = split.name + "/" + file.path;
      if (all.count(name) == 0) continue;
      if (known++ == 0) first = name;
    }
  }
  if (known == listing.num_files()) return false;
  if (known == 0) return true;
  throw DataError(fmt::format("{} of {} pictures are in the set already, such as {}", known,
                              listing.num_files(), printable(first)),
                  printable(source), "leave them out with --exclude, or give new ones other names");
}

/// The new shards get names of the next generation, and a new manifest takes the place of the old.
void finish(const AppendOptions& o, const std::string& work, std::int64_t generation) {
  const std::string& set = o.places.front();
  SetUnion all({set, work}, generation);
  lend_shards(all.lend(true), set, {.link = true});
  all.write(set);
  fs::remove_all(work);
  warn_of_oddities(all.report());
  log::info("generation {} of {} is complete: data set {}", generation, printable(set),
            all.dataset_id());
  if (o.packing.json) fmt::print("{}\n", all.report().summary().dump(2));
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
  log::set_quiet(o.packing.quiet);
  const std::string& target = o.places.front();
  const std::string& origin = o.places.back();
  const Manifest manifest = Manifest::read(target);
  std::error_code ignored;
  fs::remove_all(work_folder(target, manifest.generation), ignored);  // its work is done
  const std::string work = work_folder(target, manifest.generation + 1);
  const auto source = make_source(o.packing.source, origin);
  require_equal_options(target, manifest, o.packing.picture, source->stored_as());
  const PackPlan plan = plan_packing(o.packing, *source);
  require_classes(manifest, plan.listing, o.new_classes, origin);
  PackerOptions options = packer_options(o.packing, context);
  if (!has_new_pictures(target, manifest, plan.listing, origin, options.check.skip_bad)) {
    log::info("nothing to do: all {} pictures are in {} already", plan.listing.num_files(),
              printable(target));
    return ExitCode::kDone;
  }
  Packer packer(*source, origin, plan, work, std::move(options));
  if (packer.run() == PackOutcome::kStopped) {
    log::warning("stopped on request; finished shards are kept. Next: run the same command again");
    return ExitCode::kStopped;
  }
  finish(o, work, manifest.generation + 1);
  return ExitCode::kDone;
}

}  // namespace intr

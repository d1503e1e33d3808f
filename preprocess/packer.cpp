// SPDX-License-Identifier: Apache-2.0
#include "preprocess/packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <numeric>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/core/progress.h"
#include "intr/core/version.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_format.h"
#include "intr/data/shard_writer.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Thrown inside a shard that would take too long after a stop signal.
struct StopNow {};

/// UTC, ISO 8601. SOURCE_DATE_EPOCH pins it, as in other reproducible builds.
std::string now_text() {
  std::time_t now = std::time(nullptr);
  if (const char* pinned = std::getenv("SOURCE_DATE_EPOCH"))
    now = static_cast<std::time_t>(std::strtoll(pinned, nullptr, 10));
  std::tm parts = {};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// Identity of the contents, whatever the shards: class list, decode policy, options and every
/// sample, sorted by split and path.
std::string identify(const PackPlan& plan, const std::vector<PackedSplit>& splits) {
  struct Row {
    std::string split, path;
    std::int32_t label;
    std::uint64_t size, source_hash;
  };
  std::vector<Row> rows;
  for (std::size_t s = 0; s < splits.size(); ++s) {
    const SampleColumns& columns = splits[s].columns;
    std::size_t row = 0;
    for (const SourceFile& file : plan.listing.splits[s].files) {
      if (row == columns.sample_id.size() || columns.sample_id[row] != file.sample_id) continue;
      rows.push_back({splits[s].name, file.path, file.label, file.size, columns.source_hash[row]});
      ++row;
    }
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.split, a.path) < std::tie(b.split, b.path);
  });
  Hash128 hash;
  for (const std::string& name : plan.listing.classes) hash.add(name);
  hash.add("exif=ignore gray16=clip resize=pillow-h").add(plan.options_json);
  for (const Row& row : rows) {
    hash.add(row.split).add(row.path).add(static_cast<std::uint64_t>(row.label));
    hash.add(row.size).add(row.source_hash);
  }
  return hash.hex();
}

std::string finished_difference(const PackPlan& plan, const Manifest& manifest) {
  if (manifest.classes != plan.printable_classes())
    return fmt::format("it has {} classes, the source {}, or other names", manifest.classes.size(),
                       plan.listing.classes.size());
  if (manifest.options.dump() != plan.options_json)
    return fmt::format("its options were {}, now they are {}", manifest.options.dump(),
                       plan.options_json);
  for (const SourceSplit& split : plan.listing.splits) {
    for (const Manifest::Split& packed : manifest.splits) {
      if (packed.name == split.name && packed.num_samples != std::ssize(split.files))
        return fmt::format("its split '{}' has {} samples, the source {}", split.name,
                           packed.num_samples, split.files.size());
    }
  }
  return "its splits, files or shard size differ";
}

}  // namespace

Packer::Packer(const PictureSource& source, std::string source_name, const PackPlan& plan,
               std::string set, PackerOptions options)
    : source_(&source),
      source_name_(std::move(source_name)),
      plan_(&plan),
      set_(std::move(set)),
      options_(std::move(options)) {}

bool Packer::is_finished() const {
  std::error_code ignored;
  if (!fs::exists(set_ + "/" + shard_format::kManifestFile, ignored)) return false;
  const Manifest manifest = Manifest::read(set_);
  const auto& ids = manifest.plan_ids;
  if (std::find(ids.begin(), ids.end(), plan_->plan_id) != ids.end()) return true;
  throw UsageError(fmt::format("holds a finished data set of something else: {}",
                               finished_difference(*plan_, manifest)),
                   printable(set_), "give another folder with --out, or remove this one");
}

void Packer::prepare_folder() {
  make_folder(set_);
  const std::string plan_path = set_ + "/" + shard_format::kPlanFile;
  std::error_code ignored;
  if (fs::exists(plan_path, ignored)) {
    if (options_.restart) {
      remove_leftovers(true);
    } else {
      earlier_ = read_plan_file(plan_path);
      if (earlier_.plan_id != plan_->plan_id) {
        throw UsageError(fmt::format("holds an unfinished packing of something else: {}",
                                     plan_difference(*plan_, earlier_)),
                         printable(set_), "remove it with --restart, or give another --out");
      }
      log::info("going on with the unfinished packing in {}", printable(set_));
    }
  }
  remove_leftovers(false);
  require_space();
  write_plan_file(plan_path, *plan_, source_name_);
}

/// Removes temporary files of this plan, or all that an unfinished packing left behind.
void Packer::remove_leftovers(bool everything) const {
  const std::string own_end = ".tmp-" + plan_->plan_id;
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(set_)) {
    const std::string name = entry.path().filename().string();
    const bool temporary = name.starts_with(".") && name.find(".h5.tmp-") != std::string::npos;
    const bool shard = name.ends_with(".h5") && plan_of_shard(entry.path().string()).has_value();
    if ((temporary && (everything || name.ends_with(own_end))) || (everything && shard) ||
        (everything && name == shard_format::kPlanFile))
      leftovers.push_back(entry.path());
  }
  for (const fs::path& path : leftovers) fs::remove(path);
}

void Packer::require_space() const {
  std::uint64_t missing = 0;
  std::error_code ignored;
  for (const PlannedShard& shard : plan_->shards)
    if (!fs::exists(set_ + "/" + shard.file, ignored)) missing += shard.bytes;
  const auto needed =
      static_cast<std::uint64_t>(static_cast<double>(missing) * 1.05) + (std::uint64_t{64} << 20);
  const std::uint64_t available = free_bytes(set_);
  if (needed <= available) return;
  throw EnvironmentError(
      fmt::format("{} of pictures need {} with 5 % and 64 MiB to spare, {} are free",
                  shown_bytes(missing), shown_bytes(needed), shown_bytes(available)),
      printable(set_), "make room, give another --out, or pack fewer pictures with --limit");
}

/// Whether the files of a shard have the times that the earlier run saw.
bool Packer::source_is_unchanged(const PlannedShard& shard) const {
  for (std::int64_t i = 0; i < plan_->num_files(shard); ++i) {
    const SourceFile& file = plan_->file(shard, i);
    const auto seen = earlier_.mtime_ns.find(printable(plan_->split_name(shard) + "/" + file.path));
    if (seen == earlier_.mtime_ns.end() || seen->second != file.mtime_ns) return false;
  }
  return true;
}

PackOutcome Packer::run() {
  if (is_finished()) return PackOutcome::kNothingToDo;
  prepare_folder();
  Progress progress("packing", plan_->listing.num_files(), "files");
  std::mutex mutex;
  std::size_t num_bad = 0;
  std::vector<ShardResult> results;
  for (const PlannedShard& shard : plan_->shards) {
    if (options_.stop_requested()) return PackOutcome::kStopped;
    std::optional<ShardResult> result;
    if (source_is_unchanged(shard))
      result = keep_shard(*source_, *plan_, shard, set_, options_.check, options_.verify_existing);
    if (result) {
      progress.advance(plan_->num_files(shard));
    } else {
      const Clock::time_point start = Clock::now();
      std::int64_t shown = 0;
      const auto watch = [&](std::int64_t done, std::int64_t all) {
        if (done % 2 == 0) {  // each file counts twice: looked at, stored
          const std::lock_guard lock(mutex);
          progress.advance();
          ++shown;
        }
        if (!options_.stop_requested()) return;
        const double spent = std::chrono::duration<double>(Clock::now() - start).count();
        const double left = spent * static_cast<double>(all - done) / static_cast<double>(done);
        if (left > options_.finish_within_s) throw StopNow();
      };
      try {
        result = pack_shard(*source_, *plan_, shard, set_, options_.check, watch);
      } catch (const StopNow&) {
        return PackOutcome::kStopped;
      }
      progress.advance(plan_->num_files(shard) - shown);  // of a shard that is not written
    }
    num_bad += result->bad.size();
    if (num_bad > 0) progress.set_note(fmt::format("{} bad", num_bad));
    results.push_back(std::move(*result));
  }
  progress.finish();
  gather(std::move(results));
  return PackOutcome::kDone;
}

void Packer::gather(std::vector<ShardResult> results) {
  std::vector<std::vector<DataIndex::Shard>> shards(plan_->listing.splits.size());
  std::vector<std::vector<std::uint32_t>> shard_of(shards.size());
  for (const SourceSplit& split : plan_->listing.splits) splits_.push_back({split.name, {}, {}});
  for (std::size_t i = 0; i < results.size(); ++i) {
    const PlannedShard& planned = plan_->shards[i];
    ShardResult& result = results[i];
    report_.bad.insert(report_.bad.end(), result.bad.begin(), result.bad.end());
    if (!result.written) continue;
    PackedSplit& split = splits_[planned.split];
    const auto number = static_cast<std::uint32_t>(shards[planned.split].size());
    shard_of[planned.split].insert(shard_of[planned.split].end(), result.length.size(), number);
    shards[planned.split].push_back(
        {planned.file, result.file_bytes, result.columns.size(), result.hash, plan_->plan_id,
         static_cast<std::int64_t>(plan_->file(planned, 0).sample_id), result.data_begin});
    split.columns.append(result.columns);
    split.length.insert(split.length.end(), result.length.begin(), result.length.end());
  }
  report_.plan = plan_;
  report_.splits = &splits_;
  if (!report_.bad.empty() && !options_.check.skip_bad) refuse_bad();
  report_.duplicates = mark_duplicates(splits_);
  if (options_.refuse_duplicates && !report_.duplicates.empty()) {
    const DuplicateGroup& group = report_.duplicates.front();
    throw DataError(fmt::format("{} groups of equal pictures; the first: {}/{} and {}/{}",
                                report_.duplicates.size(), group.members[0].split,
                                printable(group.members[0].path), group.members[1].split,
                                printable(group.members[1].path)),
                    printable(source_name_),
                    "remove them, or pack with --dedup report to get the whole list");
  }
  finish(shards, shard_of);
}

void Packer::refuse_bad() const {
  for (const BadFile& file : report_.bad)
    log::error("bad picture {}/{}: {}", file.split, printable(file.path), file.reason);
  throw DataError(fmt::format("{} of {} pictures cannot be packed; all are named above",
                              report_.bad.size(), plan_->listing.num_files()),
                  printable(source_name_),
                  "repair or remove them and run the same command again, or leave them out with "
                  "--on-error skip");
}

void Packer::finish(const std::vector<std::vector<DataIndex::Shard>>& shards,
                    const std::vector<std::vector<std::uint32_t>>& shard_of) {
  const std::string creator = "intr-pack " + version();
  Manifest manifest;
  manifest.dataset_id = report_.dataset_id = identify(*plan_, splits_);
  manifest.plan_ids = {plan_->plan_id};
  manifest.classes = plan_->printable_classes();
  manifest.options = nlohmann::ordered_json::parse(plan_->options_json);
  manifest.flag_counts = count_flags(splits_);
  manifest.creator = creator;
  manifest.created = now_text();
  for (std::size_t s = 0; s < splits_.size(); ++s) {
    const PackedSplit& split = splits_[s];
    Placement placement{shard_of[s], {}, split.length};
    std::uint64_t next = 0;
    for (std::size_t row = 0; row < split.length.size(); ++row) {
      if (row > 0 && shard_of[s][row] != shard_of[s][row - 1]) next = 0;
      placement.begin.push_back(next);
      next += split.length[row];
    }
    Manifest::Split entry{
        split.name,
        split.columns.size(),
        std::accumulate(split.length.begin(), split.length.end(), std::uint64_t{0}),
        shard_format::index_file(split.name),
        {},
        {}};
    const std::string path = set_ + "/" + entry.index_file;
    write_index(path, split.name, manifest.dataset_id, creator, split.columns, placement, shards[s],
                manifest.classes);
    entry.index_hash = hash_file(path);
    for (const DataIndex::Shard& shard : shards[s])
      entry.shards.push_back(
          {shard.file, shard.bytes, shard.num_samples, shard.hash, shard.plan_id});
    manifest.splits.push_back(std::move(entry));
  }
  write_json(set_ + "/" + shard_format::kReportFile, report_.json());
  manifest.write(set_);
  fs::remove(set_ + "/" + shard_format::kPlanFile);
}

}  // namespace intr

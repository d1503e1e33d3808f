// SPDX-License-Identifier: Apache-2.0
#include "preprocess/pack_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_format.h"
#include "intr/io/atomic_file.h"
#include "preprocess/set_identity.h"
#include "preprocess/shard_job.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Whether the files of a shard have the times that the earlier run saw.
bool is_unchanged(const PackPlan& plan, const PlannedShard& shard, const PlanFile& earlier) {
  for (std::int64_t i = 0; i < plan.num_files(shard); ++i) {
    const SourceFile& file = plan.file(shard, i);
    const auto seen = earlier.mtime_ns.find(printable(plan.split_name(shard) + "/" + file.path));
    if (seen == earlier.mtime_ns.end() || seen->second != file.mtime_ns) return false;
  }
  return true;
}

bool is_temporary(const std::string& name) {
  return name.starts_with(".") && name.find(".h5.tmp-") != std::string::npos;
}

}  // namespace

bool PackFolder::is_finished() const {
  if (!exists(set_ + "/" + shard_format::kManifestFile)) return false;
  const Manifest manifest = Manifest::read(set_);
  const auto& ids = manifest.plan_ids;
  if (std::find(ids.begin(), ids.end(), plan_->plan_id) == ids.end()) {
    throw UsageError(fmt::format("holds a finished data set of something else: {}",
                                 set_difference(*plan_, manifest)),
                     printable(set_), "give another folder with --out, or remove this one");
  }
  const std::string plan_path = set_ + "/" + shard_format::kPlanFile;
  if (exists(plan_path) && read_plan_file(plan_path).plan_id == plan_->plan_id) {
    remove_temporaries();
    fs::remove(plan_path);
  }
  return true;
}

void PackFolder::prepare(const std::string& source_name, bool restart) const {
  make_folder(set_);
  const std::string plan_path = set_ + "/" + shard_format::kPlanFile;
  if (exists(plan_path)) go_on(plan_path, restart);
  remove_temporaries();
  require_space();
  write_plan_file(plan_path, *plan_, source_name);
}

void PackFolder::go_on(const std::string& plan_path, bool restart) const {
  if (restart) {
    remove_everything();
    return;
  }
  const PlanFile earlier = read_plan_file(plan_path);
  if (earlier.plan_id != plan_->plan_id) {
    throw UsageError(fmt::format("holds an unfinished packing of something else: {}",
                                 plan_difference(*plan_, earlier)),
                     printable(set_), "remove it with --restart, or give another --out");
  }
  log::info("going on with the unfinished packing in {}", printable(set_));
  remove_outdated(earlier);
}

/// Removes them now: once the new plan file is there, nothing tells that these shards are old.
void PackFolder::remove_outdated(const PlanFile& earlier) const {
  for (const PlannedShard& shard : plan_->shards) {
    const std::string path = set_ + "/" + shard.file;
    if (!exists(path) || is_unchanged(*plan_, shard, earlier)) continue;
    log::info("{} is packed again: files of it were touched since", shard.file);
    fs::remove(path);
  }
}

/// Of this plan's shards, and of the files that are written at the end.
void PackFolder::remove_temporaries() const {
  for (const SourceSplit& split : plan_->listing.splits)
    remove_leftovers(set_ + "/" + shard_format::index_file(split.name));
  for (const std::string& name : {std::string(shard_format::kPlanFile), shard_format::report_file(),
                                  std::string(shard_format::kManifestFile)})
    remove_leftovers(set_ + "/" + name);
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(set_)) {
    const std::string name = entry.path().filename().string();
    if (is_temporary(name) && name.ends_with(".tmp-" + plan_->plan_id))
      found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path);
}

/// Removes all that an unfinished packing left behind, and nothing else.
void PackFolder::remove_everything() const {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(set_)) {
    const std::string name = entry.path().filename().string();
    const bool shard = name.ends_with(".h5") && plan_of_shard(entry.path().string()).has_value();
    if (is_temporary(name) || shard || name.ends_with(".index.h5") ||
        name == shard_format::report_file() || name == shard_format::kPlanFile)
      found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path);
}

void PackFolder::require_space() const {
  std::uint64_t missing = 0;
  for (const PlannedShard& shard : plan_->shards)
    if (!exists(set_ + "/" + shard.file)) missing += shard.bytes;
  const auto needed =
      static_cast<std::uint64_t>(static_cast<double>(missing) * 1.05) + (std::uint64_t{64} << 20);
  const std::uint64_t available = free_bytes(set_);
  if (needed <= available) return;
  throw EnvironmentError(
      fmt::format("{} of pictures need {} with 5 % and 64 MiB to spare, {} are free",
                  shown_bytes(missing), shown_bytes(needed), shown_bytes(available)),
      printable(set_), "make room, give another --out, or pack fewer pictures with --limit");
}

}  // namespace intr

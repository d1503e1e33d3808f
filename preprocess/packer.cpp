// SPDX-License-Identifier: Apache-2.0
#include "preprocess/packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/core/version.h"
#include "intr/data/manifest.h"
#include "intr/data/shard_format.h"
#include "intr/io/json_file.h"
#include "preprocess/pack_folder.h"
#include "preprocess/set_files.h"
#include "preprocess/set_identity.h"

namespace intr {
namespace {

using Clock = std::chrono::steady_clock;

/// Thrown inside a shard that would take too long after a stop signal.
struct StopNow {};

/// Places of the shards, largest first: the last to finish should be a small one.
std::vector<std::size_t> largest_first(const std::vector<PlannedShard>& shards) {
  std::vector<std::size_t> order(shards.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return shards[a].bytes > shards[b].bytes; });
  return order;
}

}  // namespace

Packer::Packer(const PictureSource& source, std::string source_name, const PackPlan& plan,
               std::string set, PackerOptions options)
    : source_(&source),
      source_name_(std::move(source_name)),
      plan_(&plan),
      set_(std::move(set)),
      options_(std::move(options)),
      team_(options_.team != nullptr ? options_.team : &alone_) {}

PackOutcome Packer::run() {
  if (!prepare()) return PackOutcome::kNothingToDo;
  const std::vector<std::string> results = team_->gather(results_to_bytes(do_shards()));
  const std::string word = team_->rank() == 0 && assemble(results) ? "done" : "stopped";
  return team_->broadcast(word) == "done" ? PackOutcome::kDone : PackOutcome::kStopped;
}

/// @return whether there is anything to do
bool Packer::prepare() {
  std::string word;
  if (team_->rank() == 0) {
    const PackFolder folder(*plan_, set_);
    if (folder.is_finished()) {
      word = "finished";
    } else {
      folder.prepare(source_name_, options_.restart);
    }
  }
  return team_->broadcast(word).empty();
}

std::vector<FinishedShard> Packer::do_shards() {
  const std::vector<std::size_t> order = largest_first(plan_->shards);
  const auto next = team_->open_counter();
  PackProgress progress(*team_, *plan_);
  std::vector<FinishedShard> results;
  for (std::int64_t turn = next->take(); turn < std::ssize(order); turn = next->take()) {
    const std::size_t shard = order[static_cast<std::size_t>(turn)];
    std::optional<ShardResult> result;
    if (!options_.stop_requested()) result = do_shard(plan_->shards[shard], progress);
    if (!result) {
      next->add(std::ssize(order));  // the others begin no more shards, either
      break;
    }
    results.push_back({shard, std::move(*result)});
  }
  progress.finish();
  return results;
}

/// @return nothing if it was stopped
std::optional<ShardResult> Packer::do_shard(const PlannedShard& shard,
                                            PackProgress& progress) const {
  const std::int64_t count = plan_->num_files(shard);
  const auto bytes_until = [&](std::int64_t file) {
    return static_cast<std::int64_t>(static_cast<double>(shard.bytes) * static_cast<double>(file) /
                                     static_cast<double>(count));
  };
  std::optional<ShardResult> result =
      keep_shard(*source_, *plan_, shard, set_, options_.check, options_.verify_existing);
  if (result) {
    progress.add(count, bytes_until(count), std::ssize(result->bad));
    return result;
  }
  const Clock::time_point start = Clock::now();
  const auto watch = [&](std::int64_t done, std::int64_t all) {
    // Looking at the files takes the time, storing them hardly any.
    if (done <= count) progress.add(1, bytes_until(done) - bytes_until(done - 1));
    if (!options_.stop_requested()) return;
    const double spent = std::chrono::duration<double>(Clock::now() - start).count();
    const double left = spent * static_cast<double>(all - done) / static_cast<double>(done);
    if (left > options_.finish_within_s) throw StopNow();
  };
  try {
    result = pack_shard(*source_, *plan_, shard, set_, options_.check, watch);
  } catch (const StopNow&) {
    return std::nullopt;
  }
  progress.add(0, 0, std::ssize(result->bad));
  return result;
}

/// On rank 0: from the results of all ranks to the finished set. @return false if shards are
/// missing
bool Packer::assemble(const std::vector<std::string>& results) {
  std::vector<ShardResult> all(plan_->shards.size());
  std::size_t num_done = 0;
  for (const std::string& of_rank : results) {
    for (FinishedShard& done : results_from_bytes(of_rank)) {
      all.at(done.shard) = std::move(done.result);
      ++num_done;
    }
  }
  if (num_done < all.size()) return false;
  collect(std::move(all));
  if (!report_.bad.empty() && !options_.check.skip_bad) refuse_bad();
  if (options_.refuse_duplicates && !report_.duplicates.empty()) refuse_duplicates();
  finish();
  return true;
}

void Packer::collect(std::vector<ShardResult> results) {
  shards_.resize(plan_->listing.splits.size());
  for (const SourceSplit& split : plan_->listing.splits) splits_.push_back({split.name, {}, {}});
  for (std::size_t i = 0; i < results.size(); ++i) {
    const PlannedShard& planned = plan_->shards[i];
    ShardResult& result = results[i];
    report_.bad.insert(report_.bad.end(), result.bad.begin(), result.bad.end());
    if (!result.written) continue;
    PackedSplit& split = splits_[planned.split];
    shards_[planned.split].push_back(
        {planned.file, result.file_bytes, result.columns.size(), result.hash, plan_->plan_id,
         static_cast<std::int64_t>(plan_->file(planned, 0).sample_id), result.data_begin});
    split.columns.append(result.columns);
    split.length.insert(split.length.end(), result.length.begin(), result.length.end());
  }
  report_.plan = plan_;
  report_.applies_exif = options_.check.policy.apply_exif;
  report_.splits = &splits_;
  report_.duplicates = mark_duplicates(splits_);
}

void Packer::write_report() const { write_json(set_ + "/" + report_.file(), report_.json()); }

void Packer::refuse_bad() const {
  write_report();
  for (const BadFile& file : report_.bad)
    log::error("bad picture {}/{}: {}", file.split, printable(file.path), file.reason);
  throw DataError(fmt::format("{} of {} pictures cannot be packed; all are named above and in {}",
                              report_.bad.size(), plan_->listing.num_files(), report_.file()),
                  printable(source_name_),
                  "repair or remove them and run the same command again, or leave them out with "
                  "--on-error skip");
}

void Packer::refuse_duplicates() const {
  write_report();
  const DuplicateGroup& group = report_.duplicates.front();
  throw DataError(
      fmt::format("{} groups of equal pictures; the first: {}/{} and {}/{}",
                  report_.duplicates.size(), group.members[0].split,
                  printable(group.members[0].path), group.members[1].split,
                  printable(group.members[1].path)),
      printable(source_name_),
      fmt::format("remove them (\"duplicates\" in {} names all), or pack with --dedup report",
                  report_.file()));
}

void Packer::finish() {
  Manifest manifest;
  manifest.exif = options_.check.policy.apply_exif ? "apply" : "ignore";
  manifest.gray16 = options_.check.policy.scale_gray16 ? "scale" : "clip";
  manifest.dataset_id = report_.dataset_id =
      identify_set(*plan_, splits_, manifest.exif, manifest.gray16);
  manifest.plan_ids = {plan_->plan_id};
  manifest.classes = plan_->printable_classes();
  manifest.options = nlohmann::ordered_json::parse(plan_->options_json);
  manifest.flag_counts = count_flags(splits_);
  manifest.creator = "intr-pack " + version();
  manifest.created = packing_time();
  for (std::size_t s = 0; s < splits_.size(); ++s)
    manifest.splits.push_back(write_split_index(set_, splits_[s], shards_[s], manifest));
  write_report();
  manifest.write(set_);
  std::filesystem::remove(set_ + "/" + shard_format::kPlanFile);
}

}  // namespace intr

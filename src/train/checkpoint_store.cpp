// SPDX-License-Identifier: Apache-2.0
#include "intr/train/checkpoint_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/trace.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
constexpr const char* kLast = "last.h5";
constexpr const char* kBest = "best.h5";

void require_room(const std::string& folder, std::uint64_t bytes) {
  const std::uint64_t wanted = bytes + bytes / 5;
  const std::uint64_t free = free_bytes(folder);
  if (free >= wanted) return;
  throw EnvironmentError(
      fmt::format("{} MB are free, a checkpoint needs {} MB", free >> 20, wanted >> 20), folder,
      "make room on that file system and run the same command again");
}

/// Of checkpoints, MANIFEST and links: ".NAME.tmp-…".
void remove_temporary_files(const std::string& folder) {
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with(".") || name.find(".tmp-") == std::string::npos) continue;
    std::error_code ignored;
    fs::remove(file.path(), ignored);
  }
}

bool stays_for_good(const ManifestEntry& entry) {
  return entry.tagged("best") || entry.tagged("final") || entry.tagged("major");
}

void add_tag(ManifestEntry& entry, const char* tag) {
  if (!entry.tagged(tag)) entry.tags.emplace_back(tag);
}

}  // namespace

CheckpointStore::CheckpointStore(std::string folder, std::int64_t keep)
    : folder_(std::move(folder)), keep_(std::max<std::int64_t>(1, keep)) {
  make_folder(folder_);
  remove_temporary_files(folder_);
  entries_ = read_manifest(folder_);
}

std::vector<ManifestEntry> CheckpointStore::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

std::string CheckpointStore::path_of(std::int64_t step) const {
  return folder_ + "/" + checkpoint_file_name(step);
}

ManifestEntry* CheckpointStore::find(std::int64_t step) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const ManifestEntry& entry) { return entry.step == step; });
  return found == entries_.end() ? nullptr : &*found;
}

void CheckpointStore::check_fence() const {
  if (fence_) fence_();
}

void CheckpointStore::write_list() const {
  check_fence();
  write_manifest(folder_, entries_);
}

std::string CheckpointStore::save(const Checkpoint& head, const FlatValues& values, bool major) {
  std::optional<trace::Scope> span;  // of a stage: until the next one begins
  const SaveHook begin = [&](SaveStage stage) {
    span.emplace(name_of(stage));
    if (hook_) hook_(stage);
  };
  begin(SaveStage::kPlan);
  require_room(folder_, checkpoint_bytes(values.num_values, head.frozen.size()));
  const std::string path = path_of(head.step);
  AtomicFile file(path);
  write_checkpoint(file.temporary_path(), head, values, begin);
  ManifestEntry entry{.step = head.step,
                      .epoch = head.epoch,
                      .file = checkpoint_file_name(head.step),
                      .bytes = fs::file_size(file.temporary_path()),
                      .hash = hash_file(file.temporary_path())};
  if (major) add_tag(entry, "major");
  begin(SaveStage::kFsync);
  file.sync();
  begin(SaveStage::kRename);
  check_fence();  // as late as can be: a node that was cut off may still reach the file system
  file.rename();
  const std::lock_guard lock(mutex_);
  list(std::move(entry));  // now, so that the next MANIFEST knows the file whatever fails below
  begin(SaveStage::kFsyncDir);
  file.sync_folder();
  begin(SaveStage::kManifest);
  write_list();
  point(kLast, checkpoint_file_name(head.step));
  if (find(head.step)->tagged("best")) point(kBest, checkpoint_file_name(head.step));
  try {
    begin(SaveStage::kPrune);
    prune(keep_);
  } catch (const EnvironmentError& error) {
    log::warning("old checkpoints stay: {}", error.what());  // the new one is saved all the same
  }
  return path;
}

/// Puts a file into the list. One of the same step gives it its tags and metric.
void CheckpointStore::list(ManifestEntry entry) {
  if (const ManifestEntry* old = find(entry.step)) {
    for (const std::string& tag : old->tags) add_tag(entry, tag.c_str());
    entry.metric = old->metric;
  }
  std::erase_if(entries_, [&](const ManifestEntry& old) { return old.step == entry.step; });
  const auto place =
      std::find_if(entries_.begin(), entries_.end(),
                   [&](const ManifestEntry& other) { return other.step > entry.step; });
  ManifestEntry& listed = *entries_.insert(place, std::move(entry));
  if (const auto note = notes_.find(listed.step); note != notes_.end()) apply(note->second, listed);
  notes_.clear();
}

void CheckpointStore::apply(const Note& note, ManifestEntry& entry) {
  entry.metric = note.metric;
  if (!note.best) return;
  for (ManifestEntry& other : entries_) std::erase(other.tags, "best");
  add_tag(entry, "best");
}

void CheckpointStore::note_evaluation(std::int64_t step, double metric, bool best) {
  const std::lock_guard lock(mutex_);
  const Note note{.metric = metric, .best = best};
  ManifestEntry* entry = find(step);
  if (entry == nullptr) {  // still being saved, or its save failed and was reported
    notes_ = {{step, note}};
    return;
  }
  apply(note, *entry);
  if (best) point(kBest, entry->file);
  write_list();
  prune(keep_);
}

void CheckpointStore::note_final(std::int64_t step) {
  const std::lock_guard lock(mutex_);
  for (ManifestEntry& other : entries_) std::erase(other.tags, "final");
  if (ManifestEntry* entry = find(step)) add_tag(*entry, "final");
  write_list();
  prune(keep_);
}

void CheckpointStore::note_suspect_beyond(std::int64_t step) {
  const std::lock_guard lock(mutex_);
  for (ManifestEntry& entry : entries_)
    if (entry.step > step) add_tag(entry, "suspect");
  write_list();
}

void CheckpointStore::make_room(std::int64_t keep) {
  const std::lock_guard lock(mutex_);
  prune(std::min(keep, keep_));
}

std::optional<CheckpointStore::Loaded> CheckpointStore::load_newest() const {
  std::string reasons;
  for (const ManifestEntry& entry : checkpoint_candidates(folder_)) {
    const std::string path = folder_ + "/" + entry.file;
    try {
      if (entry.tagged("suspect")) throw DataError("replicas differed when it was written", path);
      check_candidate(folder_, entry);
      Checkpoint checkpoint = read_checkpoint(path);
      if (checkpoint.step != entry.step)
        throw DataError(fmt::format("holds step {}, its name says {}", checkpoint.step, entry.step),
                        path);
      return Loaded{.checkpoint = std::move(checkpoint), .path = path};
    } catch (const DataError& error) {
      log::warning("{}: going back to the checkpoint before it", error.what());
      reasons += fmt::format("{}{}", reasons.empty() ? "" : "; ", error.what());
    }
  }
  if (reasons.empty()) return {};
  throw DataError(fmt::format("no checkpoint can be gone on from: {}", reasons), folder_,
                  "name a whole one with --resume FILE, or start again with --fresh");
}

void CheckpointStore::set_aside_beyond(std::int64_t step) {
  for (const ManifestEntry& entry : checkpoint_candidates(folder_)) {
    if (entry.step <= step) continue;
    const std::string path = folder_ + "/" + entry.file;
    std::error_code error;
    fs::rename(path, path + ".aside", error);
    if (!error) log::warning("{} is beyond step {}: renamed to NAME.aside", path, step);
  }
  const std::lock_guard lock(mutex_);
  if (std::erase_if(entries_, [&](const ManifestEntry& e) { return e.step > step; }) > 0)
    write_list();
}

void CheckpointStore::point(const char* link, const std::string& file) const {
  const std::string name = folder_ + "/" + link;
  const std::string temporary = folder_ + "/." + link + ".tmp-link";
  std::error_code error;
  fs::remove(temporary, error);
  fs::create_symlink(file, temporary, error);
  if (!error) fs::rename(temporary, name, error);
  // Links are for people; some file systems have none, and programs read MANIFEST.
  if (error) log::warning("{}: cannot make the link: {}", name, error.message());
}

void CheckpointStore::prune(std::int64_t keep) {
  std::vector<ManifestEntry> kept, gone;
  std::int64_t newer = 0;  // ones that a run could go on from
  for (auto entry = entries_.rbegin(); entry != entries_.rend(); ++entry) {
    (stays_for_good(*entry) || newer < keep ? kept : gone).push_back(*entry);
    if (!entry->tagged("suspect")) ++newer;
  }
  if (gone.empty()) return;
  entries_.assign(kept.rbegin(), kept.rend());
  // First the list, so that it never names a missing file; unless the disk is too full for it.
  bool written = true;
  try {
    write_list();
  } catch (const EnvironmentError&) {
    written = false;
  }
  for (const ManifestEntry& entry : gone) {
    std::error_code error;
    fs::remove(folder_ + "/" + entry.file, error);
    if (error) log::warning("{}: cannot remove it: {}", entry.file, error.message());
  }
  if (!written) write_list();
}

void CheckpointStore::adopt_unlisted() {
  const std::lock_guard lock(mutex_);
  bool changed = false;
  for (const ManifestEntry& candidate : checkpoint_candidates(folder_)) {
    const std::string path = folder_ + "/" + candidate.file;
    if (!candidate.hash.empty()) continue;
    try {
      const Checkpoint head = verify_checkpoint(path);
      if (head.step != candidate.step) continue;
      list({.step = head.step,
            .epoch = head.epoch,
            .file = candidate.file,
            .bytes = fs::file_size(path),
            .hash = hash_file(path)});
      changed = true;
    } catch (const DataError& error) {
      log::warning("{}: it is left as it is", error.what());
    }
  }
  if (changed) write_list();
}

std::string move_checkpoints_away(const std::string& folder) {
  if (!fs::exists(folder) || fs::is_empty(folder)) return {};
  for (int number = 1;; ++number) {
    const std::string name = fmt::format("{}.old-{}", folder, number);
    if (fs::exists(name)) continue;
    std::error_code error;
    fs::rename(folder, name, error);
    if (error)
      throw EnvironmentError("cannot move the old checkpoints away: " + error.message(), folder,
                             "move them yourself, or choose another --out");
    return name;
  }
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/checkpoint_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

namespace fs = std::filesystem;
constexpr const char* kLast = "last.h5";
constexpr const char* kBest = "best.h5";

std::uint64_t estimated_bytes(const Checkpoint& snapshot) {
  const std::uint64_t values = snapshot.param.size() + snapshot.exp_avg.size() +
                               snapshot.exp_avg_sq.size() + snapshot.frozen.size();
  return values * sizeof(float) + (std::uint64_t{1} << 20);
}

void require_room(const std::string& folder, std::uint64_t bytes) {
  const std::uint64_t wanted = bytes + bytes / 5;
  const std::uint64_t free = free_bytes(folder);
  if (free >= wanted) return;
  throw EnvironmentError(
      fmt::format("{} MB are free, a checkpoint needs {} MB", free >> 20, wanted >> 20), folder,
      "make room on that file system and run the same command again");
}

void remove_temporary_files(const std::string& folder) {
  for (const auto& file : fs::directory_iterator(folder)) {
    const std::string name = file.path().filename().string();
    if (!name.starts_with(".ckpt-") || name.find(".tmp-") == std::string::npos) continue;
    std::error_code ignored;
    fs::remove(file.path(), ignored);
  }
}

}  // namespace

CheckpointStore::CheckpointStore(std::string folder, std::int64_t keep)
    : folder_(std::move(folder)), keep_(std::max<std::int64_t>(1, keep)) {
  make_folder(folder_);
  remove_temporary_files(folder_);
  entries_ = read_manifest(folder_);
}

std::string CheckpointStore::path_of(std::int64_t step) const {
  return folder_ + "/" + checkpoint_file_name(step);
}

ManifestEntry* CheckpointStore::find(std::int64_t step) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const ManifestEntry& entry) { return entry.step == step; });
  return found == entries_.end() ? nullptr : &*found;
}

std::string CheckpointStore::save(const Checkpoint& snapshot) {
  require_room(folder_, estimated_bytes(snapshot));
  const std::string path = path_of(snapshot.step);
  AtomicFile file(path);
  write_checkpoint(file.temporary_path(), snapshot);
  ManifestEntry entry{.step = snapshot.step,
                      .epoch = snapshot.epoch,
                      .file = checkpoint_file_name(snapshot.step),
                      .bytes = fs::file_size(file.temporary_path()),
                      .hash = hash_file(file.temporary_path())};
  file.commit();
  std::erase_if(entries_, [&](const ManifestEntry& old) { return old.step == entry.step; });
  entries_.push_back(std::move(entry));
  std::sort(entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.step < b.step; });
  write_manifest(folder_, entries_);
  point(kLast, checkpoint_file_name(snapshot.step));
  prune();
  return path;
}

void CheckpointStore::note_evaluation(std::int64_t step, double metric, bool best) {
  ManifestEntry* entry = find(step);
  if (entry == nullptr) return;  // its save failed and was reported
  entry->metric = metric;
  if (best) {
    for (ManifestEntry& other : entries_) std::erase(other.tags, "best");
    entry->tags.emplace_back("best");
    point(kBest, entry->file);
  }
  write_manifest(folder_, entries_);
  prune();
}

void CheckpointStore::note_final(std::int64_t step) {
  for (ManifestEntry& other : entries_) std::erase(other.tags, "final");
  if (ManifestEntry* entry = find(step)) entry->tags.emplace_back("final");
  write_manifest(folder_, entries_);
  prune();
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
  throw DataError(fmt::format("every checkpoint is damaged: {}", reasons), folder_,
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
  if (std::erase_if(entries_, [&](const ManifestEntry& e) { return e.step > step; }) > 0)
    write_manifest(folder_, entries_);
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

void CheckpointStore::prune() {
  const auto is_new = [&](std::size_t i) {
    return entries_.size() - i <= static_cast<std::size_t>(keep_);
  };
  std::vector<ManifestEntry> kept, gone;
  for (std::size_t i = 0; i < entries_.size(); ++i)
    (is_new(i) || !entries_[i].tags.empty() ? kept : gone).push_back(entries_[i]);
  if (gone.empty()) return;
  entries_ = kept;
  write_manifest(folder_, entries_);  // first the list, so that it never names a missing file
  for (const ManifestEntry& entry : gone) {
    std::error_code error;
    fs::remove(folder_ + "/" + entry.file, error);
    if (error) log::warning("{}: cannot remove it: {}", entry.file, error.message());
  }
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

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "intr/weights/checkpoint_file.h"
#include "intr/weights/checkpoint_manifest.h"

namespace intr {

/// The checkpoints of one run, for the one rank that writes. A file appears whole or not at all;
/// what is not needed any more goes; the newest that was verified always stays. One thread may save
/// while another notes evaluations.
class CheckpointStore {
 public:
  /// Makes the folder if needed and removes temporary files of an earlier process.
  /// @param keep how many of the newest stay; best, final and major ones stay beside them
  CheckpointStore(std::string folder, std::int64_t keep);

  const std::string& folder() const noexcept { return folder_; }
  std::vector<ManifestEntry> entries() const;
  std::string path_of(std::int64_t step) const;

  /// Called as each stage of a save begins; for tests of what can go wrong. Set before saving.
  void on_stage(SaveHook hook) { hook_ = std::move(hook); }
  /// Called before anything gets its final name; throws if another job has taken the run over.
  void set_fence(std::function<void()> fence) { fence_ = std::move(fence); }

  /// Writes a snapshot under a temporary name, verifies it, renames it, lists it in MANIFEST,
  /// points last.h5 at it and removes what is old.
  /// @param head  the checkpoint without its large arrays @param values these
  /// @param major it stays for good
  /// @return the file's path
  /// @throws EnvironmentError if it cannot be written; what was there before stands
  /// @throws PeerError from the fence; nothing was written then
  std::string save(const Checkpoint& head, const FlatValues& values, bool major = false);
  std::string save(const Checkpoint& snapshot) { return save(snapshot, flat_values_of(snapshot)); }
  /// Notes the top-1 accuracy (per cent) of a step, and whether it is the best so far (best.h5 then
  /// points at it). A step that is being saved takes the note when it is listed.
  void note_evaluation(std::int64_t step, double metric, bool best);
  /// Notes that the run ended with this step.
  void note_final(std::int64_t step);
  /// Marks every checkpoint beyond a step: ranks disagreed since, so nobody should go on from them.
  void note_suspect_beyond(std::int64_t step);
  /// Removes what may go so that at most `keep` of the newest stay: the disk is full.
  void make_room(std::int64_t keep);

  struct Loaded {
    Checkpoint checkpoint;
    std::string path;
  };
  /// The newest checkpoint that is whole; says why newer ones were passed over. Nothing if the
  /// folder holds none. @throws DataError if there are some and all are damaged
  std::optional<Loaded> load_newest() const;
  /// Renames every checkpoint beyond a step to NAME.aside and takes it off the list: a run that
  /// goes on from that step writes its own.
  void set_aside_beyond(std::int64_t step);
  /// Lists whole files that MANIFEST lacks: it was lost, or its writer was killed before.
  void adopt_unlisted();

 private:
  struct Note {
    double metric = -1;
    bool best = false;
  };
  ManifestEntry* find(std::int64_t step);
  void list(ManifestEntry entry);
  void apply(const Note& note, ManifestEntry& entry);
  void check_fence() const;
  void write_list() const;
  void point(const char* link, const std::string& file) const;
  void prune(std::int64_t keep);

  std::string folder_;
  std::int64_t keep_;
  SaveHook hook_;
  std::function<void()> fence_;
  mutable std::mutex mutex_;  ///< of all below and of MANIFEST
  std::vector<ManifestEntry> entries_;
  std::map<std::int64_t, Note> notes_;  ///< of steps that are not listed yet
};

/// Moves a folder of checkpoints to checkpoints.old-N, N the first free number, for a run that
/// starts afresh. Nothing happens if the folder is missing or empty. @return the new name, or ""
std::string move_checkpoints_away(const std::string& folder);

}  // namespace intr

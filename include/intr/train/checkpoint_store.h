// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "intr/weights/checkpoint_file.h"
#include "intr/weights/checkpoint_manifest.h"

namespace intr {

/// The checkpoints of one run, for the one rank that writes. A file appears whole or not at all;
/// what is not needed any more goes; the newest that was verified always stays.
class CheckpointStore {
 public:
  /// Makes the folder if needed and removes temporary files of an earlier process.
  /// @param keep how many of the newest stay; best, final and major ones stay beside them
  CheckpointStore(std::string folder, std::int64_t keep);

  const std::string& folder() const noexcept { return folder_; }
  const std::vector<ManifestEntry>& entries() const noexcept { return entries_; }
  std::string path_of(std::int64_t step) const;

  /// Writes a snapshot under a temporary name, verifies it, renames it, lists it in MANIFEST,
  /// points last.h5 at it and removes what is old. @return the file's path
  /// @throws EnvironmentError if it cannot be written; what was there before stands
  std::string save(const Checkpoint& snapshot);
  /// Notes the top-1 accuracy (per cent) of a saved step, and whether it is the best so far
  /// (best.h5 then points at it).
  void note_evaluation(std::int64_t step, double metric, bool best);
  /// Notes that the run ended with this step.
  void note_final(std::int64_t step);

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

 private:
  ManifestEntry* find(std::int64_t step);
  void point(const char* link, const std::string& file) const;
  void prune();

  std::string folder_;
  std::int64_t keep_;
  std::vector<ManifestEntry> entries_;
};

/// Moves a folder of checkpoints to checkpoints.old-N, N the first free number, for a run that
/// starts afresh. Nothing happens if the folder is missing or empty. @return the new name, or ""
std::string move_checkpoints_away(const std::string& folder);

}  // namespace intr

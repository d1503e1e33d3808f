// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace intr {

/// Folder of the checkpoints inside a run directory, and the list of them inside that folder.
inline constexpr const char* kCheckpointFolder = "checkpoints";
inline constexpr const char* kManifestName = "MANIFEST";

/// File name of a step's checkpoint: "ckpt-0000000120.h5". Order comes from the number alone.
std::string checkpoint_file_name(std::int64_t step);
/// Step of such a file name; nothing if it is another name.
std::optional<std::int64_t> checkpoint_step(const std::string& file_name);

/// One line of MANIFEST: step, epoch, file, bytes, hash, tags, metric, separated by tabs.
struct ManifestEntry {
  std::int64_t step = 0;
  std::int64_t epoch = 0;
  std::string file{};  ///< below the checkpoint folder
  std::uint64_t bytes = 0;
  std::string hash{};               ///< XXH3-128 of the whole file
  std::vector<std::string> tags{};  ///< of major, best, final, suspect
  double metric = -1;               ///< top-1 in per cent of the evaluation; below 0: not evaluated

  bool tagged(const std::string& tag) const;
};

/// The list, in order of steps. A folder without one gives an empty list; a torn or damaged line is
/// left out with a warning, since the files themselves are checked anyway.
std::vector<ManifestEntry> read_manifest(const std::string& folder);
/// Replaces the list atomically.
void write_manifest(const std::string& folder, const std::vector<ManifestEntry>& entries);

/// Checkpoints that a folder may offer, newest step first: the lines of MANIFEST and any other
/// ckpt-*.h5 (whose bytes are 0 and whose hash is empty).
std::vector<ManifestEntry> checkpoint_candidates(const std::string& folder);
/// Compares a file's size and whole-file hash with its line. @throws DataError
void check_candidate(const std::string& folder, const ManifestEntry& entry);

}  // namespace intr

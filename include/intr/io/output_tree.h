// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace intr {

/// Many files below one folder and never outside of it: no part of a path leads up, and none is
/// followed if it is a link. Each file appears whole, by rename; finish() makes all of them last.
/// Thread-safe. One writer a folder: a second one is refused.
///
/// Unlike AtomicFile it takes names of any length that the file system takes, and syncs once
/// instead of twice a file: a writer that goes on after a crash checks what it finds.
class OutputTree {
 public:
  /// Makes the folder if needed, and removes what a killed writer left behind.
  /// @throws EnvironmentError, also if another process writes into the folder
  explicit OutputTree(std::string root);
  OutputTree(const OutputTree&) = delete;
  OutputTree& operator=(const OutputTree&) = delete;
  ~OutputTree();

  enum class Content {
    kNothing,
    kSame,   ///< a regular file with these bytes
    kOther,  ///< anything else
  };
  /// What lies at a path. @param hash XXH3-64 of the expected bytes
  /// @throws DataError if the path leads out of the folder or through a link
  Content content(const std::string& path, std::uint64_t size, std::uint64_t hash) const;
  /// Puts a file in place, with the folders above it; replaces a file of that name.
  /// @param path below the root, raw bytes, parts separated by '/'
  /// @throws DataError as above; EnvironmentError, such as for a full disk
  void write(const std::string& path, std::span<const std::byte> bytes);
  /// Waits until everything is on the disk. @throws EnvironmentError
  void finish();

 private:
  std::string root_;
  int root_descriptor_ = -1;
  int scratch_descriptor_ = -1;  ///< of the folder where files grow
  std::atomic<std::uint64_t> next_number_{0};
};

}  // namespace intr

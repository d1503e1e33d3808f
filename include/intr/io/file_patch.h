// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace intr {

/// Writes ranges of an existing file that has no final name yet. Move-only.
class FilePatch {
 public:
  /// @throws EnvironmentError; DataError if it is missing
  explicit FilePatch(std::string path);
  FilePatch(FilePatch&& other) noexcept;
  FilePatch& operator=(FilePatch&&) = delete;
  ~FilePatch();

  /// Writes all bytes from `offset` on. Thread-safe. @throws EnvironmentError, as when the disk is
  /// full
  void write(std::uint64_t offset, std::span<const std::byte> bytes) const;
  /// Writers call it at their end: some file systems report a full disk only here.
  /// @throws EnvironmentError
  void close();

 private:
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace intr

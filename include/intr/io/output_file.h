// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace intr {

/// A new file written from its beginning to its end; callers give an AtomicFile's temporary path.
/// Move-only.
class OutputFile {
 public:
  /// Creates the file, or empties it. @throws EnvironmentError
  explicit OutputFile(std::string path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  /// Appends all bytes. @throws EnvironmentError, as when the disk is full
  void write(std::span<const std::byte> bytes);
  /// Bytes written so far.
  std::uint64_t size() const noexcept { return size_; }
  /// Writers call it at their end: some file systems report a full disk only here.
  /// @throws EnvironmentError
  void close();

 private:
  std::string path_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace intr

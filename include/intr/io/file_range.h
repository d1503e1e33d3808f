// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace intr {

/// A file open for reading at any place, by any number of threads at once. No memory map: a file
/// that shrinks must be an error, not a signal. Move-only.
class InputFile {
 public:
  /// @throws DataError if it is missing or no regular file, EnvironmentError if it cannot be opened
  explicit InputFile(std::string path);
  InputFile(InputFile&& other) noexcept;
  InputFile& operator=(InputFile&& other) noexcept;
  ~InputFile();

  const std::string& path() const noexcept { return path_; }
  /// Bytes now.
  std::uint64_t size() const;
  /// Size and time of the last change now: differ if the file was written to in between.
  struct Stamp {
    std::uint64_t bytes = 0;
    std::int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  Stamp stamp() const;
  /// For libraries that read by themselves; stays this object's.
  int descriptor() const noexcept { return descriptor_; }
  /// Fills `out` from byte `offset` on; goes on after short reads and interruptions.
  /// @throws DataError if the file ends first
  void read(std::uint64_t offset, std::span<std::byte> out) const;
  /// What try_read gives for a file that ends first.
  static constexpr int kEnds = -1;
  /// The same for those who mean to try again. @return 0, the errno value of a failure, or kEnds
  int try_read(std::uint64_t offset, std::span<std::byte> out) const noexcept;
  std::vector<std::byte> read_all() const;

 private:
  int read_from(std::uint64_t offset, std::span<std::byte> out, std::size_t& done) const noexcept;

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace intr

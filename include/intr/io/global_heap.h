// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace intr::hdf5 {

/// Reads what HDF5 keeps in its global heap: the characters of variable-length strings (HDF5 File
/// Format Specification 3.0, III.E). HDF5's own reader trusts the heap and crashes on a damaged
/// one; this one checks every length.
class GlobalHeap {
 public:
  /// Fills the span with the file's bytes from an offset on; the range lies inside the file.
  using ReadBytes = std::function<void(std::uint64_t, std::span<std::byte>)>;
  /// @param path for messages
  GlobalHeap(ReadBytes read, std::uint64_t file_size, std::string path)
      : read_(std::move(read)), file_size_(file_size), path_(std::move(path)) {}

  static constexpr std::size_t kReferenceBytes = 16;
  /// The string that a stored element names: length, address of a collection, number of an object.
  /// @throws DataError if the element or the heap is damaged
  std::string string(std::span<const std::byte, kReferenceBytes> element);

 private:
  struct Object {
    std::uint64_t begin = 0;
    std::uint64_t size = 0;
  };
  struct Collection {
    std::vector<std::byte> bytes;
    std::map<std::uint16_t, Object> objects;
  };
  const Collection& collection(std::uint64_t address);
  [[noreturn]] void refuse(const char* what) const;

  ReadBytes read_;
  std::uint64_t file_size_;
  std::string path_;
  std::map<std::uint64_t, Collection> collections_;
};

}  // namespace intr::hdf5

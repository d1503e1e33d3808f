// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct zip;

namespace intr {

/// A zip file of stored, not compressed entries, as torch reads them: payloads begin at multiples
/// of 64 bytes, and no entry bears a time or an owner, so that the same entries give the same
/// bytes. Payloads are asked for one after another while close() writes.
class ZipWriter {
 public:
  /// @param path of a new file: libzip writes beside it first, so give one in a folder of its own
  explicit ZipWriter(std::string path);
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;
  ~ZipWriter();

  /// @param name in ASCII @param payload gives exactly `bytes` bytes
  void add(const std::string& name, std::uint64_t bytes,
           std::function<std::vector<std::byte>()> payload);
  void add(const std::string& name, std::string_view text);
  /// Writes everything. @throws EnvironmentError if it cannot be written; what a payload throws
  void close();

 private:
  struct Entry;
  void align(std::uint64_t index, const std::string& name, std::uint64_t bytes);
  [[noreturn]] void fail(const char* action) const;

  std::string path_;
  zip* archive_ = nullptr;
  std::uint64_t offset_ = 0;   ///< where the next local header begins
  std::exception_ptr thrown_;  ///< by a payload, inside libzip
};

}  // namespace intr

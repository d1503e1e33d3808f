// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "intr/io/file_range.h"
#include "intr/weights/weight_limits.h"

namespace intr {

/// The bytes of pickles, one after another, from a file (a window at a time) or from memory.
class PickleSource {
 public:
  /// From byte `begin` of a file to its end; positions are bytes of the file.
  PickleSource(const InputFile& file, std::uint64_t begin, const WeightLimits& limits);
  /// The bytes of a record. @param name of the record, for messages; positions count from its begin
  PickleSource(std::vector<std::byte> bytes, std::string where, std::string name);

  std::uint8_t byte();
  /// The next bytes; valid until the next call. @throws DataError if the source ends first
  std::string_view take(std::uint64_t count);
  /// A little-endian number of so many bytes, 1 to 8.
  std::uint64_t number(int bytes);
  /// Text up to a line feed, which is taken, too.
  std::string line(std::int64_t longest);
  std::uint64_t position() const noexcept { return at_; }
  bool at_end() const noexcept { return at_ == end_; }

  /// "byte 412: WHAT" or "data.pkl: byte 412: WHAT", about the byte at `position`.
  [[noreturn]] void fail(std::uint64_t position, const std::string& what,
                         const std::string& next) const;

 private:
  std::uint64_t ready() const noexcept { return window_begin_ + window_.size() - at_; }

  const InputFile* file_ = nullptr;
  std::string where_;
  std::string name_;
  std::vector<std::byte> window_;
  std::uint64_t window_begin_ = 0;
  std::uint64_t begin_ = 0, at_ = 0, end_ = 0;
  std::uint64_t limit_;  ///< byte at which it is too long
};

}  // namespace intr

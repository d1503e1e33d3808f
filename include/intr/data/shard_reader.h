// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/image/decode.h"

namespace intr {

/// Reads stored pictures of one split. Each shard is checked when it is first used (format,
/// version, sizes, columns against the index); every record's hash is checked on every read.
/// Thread-safe.
class ShardReader {
 public:
  /// @param index must outlive the reader
  explicit ShardReader(const DataIndex& index);
  ShardReader(ShardReader&&) noexcept;
  ~ShardReader();

  /// Opens a shard and checks everything but the pictures' bytes. @throws DataError
  void check(std::int64_t shard) const;
  /// The encoded bytes of a row. @throws DataError naming shard, sample, path and byte range
  std::vector<std::byte> read(std::int64_t row) const;
  /// The decoded picture of a row.
  Image decode(std::int64_t row) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/image/decode.h"

namespace intr {

/// Where copies of a split's shards lie on this node. Thread-safe.
class ShardCopies {
 public:
  virtual ~ShardCopies() = default;
  /// Path of a copy that may be read, or null. Asked before every read: it must be cheap, and a
  /// path once given must stay where it is in memory.
  virtual const std::string* copy_of(std::int64_t shard) const noexcept = 0;
};

/// What reading a sample is made to suffer, to show what happens then.
enum class ReadFault { kNone, kIoError, kDamage };
using ReadFaults = std::function<ReadFault(std::int64_t sample_id)>;

/// Reads stored pictures of one split. Each shard is checked when it is first used (format,
/// version, sizes, columns against the index); every record's hash is checked on every read. At
/// most 64 shards are open at a time. Failures that pass (EIO, ESTALE) are tried again three times
/// within seconds; a copy that fails is given up for its original. Thread-safe.
class ShardReader {
 public:
  /// @param index  must outlive the reader
  /// @param copies if not null: must outlive the reader
  explicit ShardReader(const DataIndex& index, const ShardCopies* copies = nullptr);
  ShardReader(ShardReader&&) noexcept;
  ~ShardReader();

  /// From now on asks this for each sample that is read. Before other threads read.
  void set_faults(ReadFaults faults);

  /// Opens a shard and checks everything but the pictures' bytes. @throws DataError
  void check(std::int64_t shard) const;
  /// The encoded bytes of a row. @throws DataError naming shard, sample, path and byte range
  std::vector<std::byte> read(std::int64_t row) const;
  /// The same into memory that is used again.
  void read_into(std::int64_t row, std::vector<std::byte>& bytes) const;
  /// The decoded picture of a row.
  Image decode(std::int64_t row) const;
  /// Decodes bytes that were read before into memory that is used again.
  /// @throws DataError naming the place, also if the picture has another size than the index says
  void decode_into(Image& image, std::int64_t row, std::span<const std::byte> bytes) const;

  /// One attempt to read from the first byte of a row on, over records that follow it in its shard;
  /// hashes are not checked. @return false on any failure: read_into() says what it is
  bool read_ahead(std::int64_t row, std::span<std::byte> bytes) const noexcept;
  /// Whether these are the bytes of a row that were packed.
  bool is_intact(std::int64_t row, std::span<const std::byte> bytes) const noexcept;
  /// Tells the system that the bytes of a row will be read soon. Never fails.
  void will_need(std::int64_t row) const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace intr

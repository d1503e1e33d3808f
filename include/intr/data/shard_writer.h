// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/sample_columns.h"
#include "intr/io/file_patch.h"

namespace intr {

/// What a shard says of itself.
struct ShardHeader {
  std::string split;
  std::int64_t shard_index = 0;
  std::int64_t shard_count = 1;
  std::uint64_t first_sample = 0;  ///< id of the first sample that was planned for it
  std::string plan_id;
  std::string options_json;  ///< options that change bytes
  std::string creator;
};

/// Writes one shard under a temporary name. Everything but the pictures' bytes is known before the
/// first is written, so the file is laid out whole and threads fill it in any order. Equal input
/// gives equal bytes. Move-only.
class ShardWriter {
 public:
  /// @param path    a temporary name: see AtomicFile
  /// @param lengths bytes of each sample's picture
  /// @param classes printable names
  /// @throws EnvironmentError, such as for a full disk
  ShardWriter(std::string path, const ShardHeader& header, const SampleColumns& columns,
              const std::vector<std::uint64_t>& lengths, const std::vector<std::string>& classes);
  /// Stores the picture of a row. Thread-safe for different rows.
  void write(std::int64_t row, std::span<const std::byte> bytes) const;
  /// Byte of the file where /data begins.
  std::uint64_t data_begin() const noexcept { return data_begin_; }
  /// Marks the shard complete. Call it when all rows are written, before the file is renamed.
  void close();

 private:
  std::string path_;
  std::vector<std::uint64_t> offset_;  ///< [N + 1], in /data
  std::uint64_t data_begin_ = 0;       ///< byte of the file
  std::optional<FilePatch> data_;      ///< open once the file is laid out
};

/// Where the pictures of a split lie: one entry a sample.
struct Placement {
  std::vector<std::uint32_t> shard_of;
  std::vector<std::uint64_t> begin;   ///< byte in the shard's /data
  std::vector<std::uint64_t> length;  ///< bytes
};

/// Writes a split's index file, atomically.
void write_index(const std::string& path, const std::string& split, const std::string& dataset_id,
                 const std::string& creator, const SampleColumns& columns,
                 const Placement& placement, const std::vector<DataIndex::Shard>& shards,
                 const std::vector<std::string>& classes);

}  // namespace intr

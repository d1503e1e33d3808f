// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_block.h"
#include "intr/attention/map_columns.h"
#include "intr/io/hdf5.h"

namespace intr {

/// Writes one file that holds maps: a piece or a merged dump. Equal contents give equal bytes. The
/// caller gives a temporary path and renames it (io/atomic_file). Move-only.
class MapWriter {
 public:
  /// @param map_elements of all samples together; the disk space is reserved at once
  MapWriter(const std::string& path, MapFileKind kind, DumpFacts facts, std::uint64_t map_elements);

  /// Says which piece this is; needed for pieces.
  void set_piece(std::uint32_t number, std::uint32_t count) noexcept;
  /// Appends a sample. Its block_hash is filled in here.
  /// @param block the stored bytes of [layers, Q, heads, h, w]
  /// @throws InternalError if a size does not fit or a map's sum is not 1 within the type's
  /// tolerance
  void add(DumpSample sample, std::span<const std::byte> block);
  /// Only for merged files: 99th percentiles, see docs/attention-format.md.
  void set_scales(double peak_p99, double contrast_p99) noexcept;
  /// Writes columns and attributes and closes the file. @throws InternalError if elements are
  /// missing
  void close();

 private:
  hdf5::File file_;
  MapTable table_;
  SumRange sums_;
  std::uint64_t written_ = 0;
};

/// A sample ready to be stored.
struct MapRecord {
  DumpSample sample;             ///< block_hash need not be set
  std::vector<std::byte> block;  ///< stored bytes
};

/// Writes a whole piece under a temporary name, closes it, reads it back, checks every hash and
/// puts it in place. Removes what earlier attempts at this piece left behind.
void write_piece(const std::string& folder, const DumpFacts& facts, std::uint32_t number,
                 std::uint32_t count, const std::vector<MapRecord>& records);

/// Opens a written file and checks all of it. @throws DataError
void check_map_file(const std::string& path);

}  // namespace intr

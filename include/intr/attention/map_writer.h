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
  /// @param elements of all samples together; the disk space is reserved at once
  MapWriter(const std::string& path, MapFileKind kind, DumpFacts facts,
            const PerField<std::uint64_t>& elements);

  /// Says which piece this is; needed for pieces.
  void set_piece(std::uint32_t number, std::uint32_t count) noexcept;
  /// Appends a sample. Its hashes are filled in here.
  /// @param blocks stored bytes of each field
  /// @throws InternalError if a size does not fit or values are not as check_values() wants them
  void add(DumpSample sample, const PerField<std::vector<std::byte>>& blocks);
  /// Writes columns and attributes and closes the file. @throws InternalError if elements are
  /// missing
  void close();

 private:
  hdf5::File file_;
  MapTable table_;
  SumRange sums_;
  PerField<std::uint64_t> written_;
};

/// A sample ready to be stored.
struct MapRecord {
  DumpSample sample;                        ///< hashes need not be set
  PerField<std::vector<std::byte>> blocks;  ///< stored bytes
};

/// Writes a whole piece under a temporary name, closes it, reads it back, checks every hash and
/// puts it in place. Then removes what other attempts at this piece left behind; one that is still
/// at work finds the piece there and is content.
void write_piece(const std::string& folder, const DumpFacts& facts, std::uint32_t number,
                 std::uint32_t count, const std::vector<MapRecord>& records);

/// Opens a written file and checks all of it. @throws DataError
void check_map_file(const std::string& path);

}  // namespace intr

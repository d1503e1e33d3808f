// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "intr/attention/map_columns.h"
#include "intr/io/hdf5.h"

namespace intr {

/// One HDF5 file of a dump, open for reading: a piece, an index or a merged file. Everything but
/// the maps was checked when it was opened. Move-only; one thread at a time.
class MapFile {
 public:
  /// @throws DataError naming file and sample
  static MapFile open(const std::string& path);

  const std::string& path() const noexcept { return file_.path(); }
  const MapTable& table() const noexcept { return table_; }
  /// The stored bytes of a row, their hash checked. Not of an index, whose maps are elsewhere.
  /// @throws DataError naming file, sample and byte range
  std::vector<std::byte> block(std::size_t row, MapField field) const;

 private:
  MapFile(hdf5::File file, MapTable table) : file_(std::move(file)), table_(std::move(table)) {}
  hdf5::File file_;
  MapTable table_;
};

}  // namespace intr

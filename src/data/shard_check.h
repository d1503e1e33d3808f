// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "intr/data/data_index.h"
#include "intr/io/file_range.h"
#include "intr/io/hdf5.h"

namespace intr {

/// A checked shard, open for reading.
struct OpenShard {
  InputFile file;
  std::uint64_t data_begin = 0;         ///< byte of the file; unused if `rewritten` is there
  std::optional<hdf5::File> rewritten;  ///< a shard whose /data lies in chunks or filters
};

/// Opens a shard and checks everything about it that can be checked without reading its pictures,
/// against the index and the manifest.
/// @param path the shard itself, or a copy of it
/// @throws DataError naming the failed check
OpenShard check_shard(const DataIndex& index, std::int64_t shard, const std::string& path);

}  // namespace intr

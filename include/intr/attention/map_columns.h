// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "intr/attention/map_format.h"
#include "intr/io/hdf5.h"

/// Attributes and columns of a dump's HDF5 files: what is written stands beside what is read.
namespace intr {

/// The kinds of file that share the schema.
enum class MapFileKind {
  kPiece,   ///< samples in plan order; its own /map
  kIndex,   ///< every sample; /piece and /row say where the maps are, /map is virtual
  kMerged,  ///< every sample; its own /map
};

/// Where a sample's fields are.
struct MapPlace {
  PerField<std::uint64_t> start;  ///< first element in the data set of this file
  std::uint32_t piece = 0;        ///< index only
  std::uint32_t row = 0;          ///< of the piece; index only
};

/// The part of a file that is not maps.
struct MapTable {
  MapFileKind kind = MapFileKind::kPiece;
  DumpFacts facts;
  std::uint32_t piece = 0;        ///< number of the piece; pieces only
  std::uint32_t piece_count = 0;  ///< pieces only
  std::vector<DumpSample> samples;
  std::vector<MapPlace> places;      ///< of each sample
  PerField<std::uint64_t> elements;  ///< of all samples
};

/// Writes all columns and, last, the attributes. /map must be there.
void write_table(hdf5::File& file, const MapTable& table);

/// Reads and checks everything but the maps: format, version, shapes, bounds. @throws DataError
/// naming file and sample
MapTable read_table(const hdf5::File& file);

/// The error of a damaged sample. @param what what is wrong
[[noreturn]] void throw_bad_sample(const std::string& file, std::int64_t sample_id,
                                   const std::string& what);

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "intr/attention/map_format.h"
#include "intr/io/hdf5.h"

/// The root attributes that every HDF5 file of a dump has.
namespace intr {

/// Writes the attributes that all kinds of file share. /map must be there.
void write_facts(hdf5::File& file, const DumpFacts& facts);

/// Reads and checks them: format and version first. Classes and scales are not among them.
/// @throws DataError
DumpFacts read_facts(const hdf5::File& file);

/// Two files' facts that differ though one dump or one merge needs them equal: names of the first
/// such field with both values, or "".
std::string facts_difference(const DumpFacts& a, const DumpFacts& b);

}  // namespace intr

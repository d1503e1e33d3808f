// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intr/io/file_range.h"
#include "intr/weights/weight_limits.h"

namespace intr {

/// One entry of a zip file: stored without compression, and where its bytes lie.
struct ZipEntry {
  std::string name;
  std::uint64_t header = 0;   ///< byte of its local header
  std::uint64_t payload = 0;  ///< byte where its content begins
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;
};

/// Where everything lies in a zip file, found without any library: end record, directory, local
/// headers. Refuses what no honest writer makes: entries that overlap, compression, encryption,
/// names that lead elsewhere, names or places that contradict each other.
/// @return the entries in the order of the directory
/// @throws DataError naming byte and entry
std::vector<ZipEntry> scan_zip(const InputFile& file, const WeightLimits& limits);

/// Opens the file with libzip, too, and compares every entry with the scan: two readers that
/// disagree mean a hostile file. @throws DataError
void check_with_libzip(const InputFile& file, const std::vector<ZipEntry>& entries);

/// The content of an entry, its CRC checked.
std::vector<std::byte> read_zip_entry(const InputFile& file, const ZipEntry& entry);

}  // namespace intr

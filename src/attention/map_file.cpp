// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_file.h"

#include <fmt/format.h>

#include <cstring>

#include "intr/core/error.h"
#include "intr/core/hash.h"

namespace intr {

MapFile MapFile::open(const std::string& path) {
  hdf5::File file = hdf5::File::open(path);
  MapTable table = read_table(file);
  for (const MapField field : table.facts.fields())
    if (table.kind != MapFileKind::kIndex && !file.is_contiguous(names_of(field).elements))
      throw DataError(fmt::format("{} is not stored in one piece", names_of(field).elements), path,
                      "make the dump again");
  return MapFile(std::move(file), std::move(table));
}

std::vector<std::byte> MapFile::block(std::size_t row, MapField field) const {
  if (table_.kind == MapFileKind::kIndex)
    throw InternalError("maps were asked of an index", file_.path());
  if (table_.facts.elements(field, {1, 1}) == 0)
    throw InternalError(fmt::format("{} was asked of a dump without it", names_of(field).elements),
                        file_.path());
  const DumpSample& sample = table_.samples.at(row);
  const DumpFacts& facts = table_.facts;
  const char* name = names_of(field).elements;
  const auto count = static_cast<std::size_t>(facts.elements(field, sample.grid));
  const std::uint64_t start = table_.places[row].start[field];
  std::vector<std::byte> bytes(count * static_cast<std::size_t>(bytes_of(facts.type)));
  if (facts.type == MapType::f16) {
    std::vector<hdf5::Half> values(count);
    file_.read_range<hdf5::Half>(name, start, values);
    std::memcpy(bytes.data(), values.data(), bytes.size());
  } else {
    std::vector<float> values(count);
    file_.read_range<float>(name, start, values);
    std::memcpy(bytes.data(), values.data(), bytes.size());
  }
  if (xxh3_64(bytes) != sample.hash[field]) {
    const std::uint64_t first =
        file_.byte_offset(name) + start * static_cast<std::uint64_t>(bytes_of(facts.type));
    throw_bad_sample(file_.path(), sample.sample_id,
                     fmt::format("its part of {}, bytes {} to {}, does not match its hash", name,
                                 first, first + bytes.size() - 1));
  }
  return bytes;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_file.h"

#include <fmt/format.h>

#include <cstring>
#include <filesystem>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/file_seal.h"

namespace intr {
namespace {

/// A block is read, and memory taken for it, only where its elements are in the file.
void check_storage(const hdf5::File& file, const MapTable& table, MapField field) {
  const char* name = names_of(field).elements;
  if (!file.is_contiguous(name))
    throw DataError(fmt::format("{} is not stored in one piece", name), file.path(),
                    "make the dump again");
  const auto width = static_cast<std::uint64_t>(bytes_of(table.facts.type));
  const std::uint64_t first = file.byte_offset(name);
  if (first == 0 || first > file.end() || table.elements[field] > (file.end() - first) / width)
    throw DataError(fmt::format("{} claims {} elements, which are not in the file", name,
                                table.elements[field]),
                    file.path(), "the file is damaged: make it again or copy it again");
}

}  // namespace

MapFile MapFile::open(const std::string& path) {
  // HDF5 1.10 crashes on a damaged list of virtual sources. Indexes have not always been sealed.
  if (std::filesystem::is_regular_file(path) && has_seal(path)) require_sealed(path);
  hdf5::File file = hdf5::File::open(path);
  MapTable table = read_table(file);
  for (const MapField field : table.facts.fields())
    if (table.kind != MapFileKind::kIndex) check_storage(file, table, field);
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

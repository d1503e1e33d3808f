// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "intr/attention/map_file.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/host_name.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

hdf5::Type hdf5_type_of(MapType type) {
  return type == MapType::f16 ? hdf5::Type::f16 : hdf5::Type::f32;
}

/// Two jobs that work on one piece by mistake must not share a temporary file.
std::string temporary_tag(const std::string& plan_id) {
  return fmt::format("{}-{}-{}", plan_id, host_name(), ::getpid());
}

}  // namespace

MapWriter::MapWriter(const std::string& path, MapFileKind kind, DumpFacts facts,
                     const PerField<std::uint64_t>& elements)
    : file_(hdf5::File::create(path)) {
  table_.kind = kind;
  table_.facts = std::move(facts);
  table_.elements = elements;
  std::uint64_t all = 0;
  for (const MapField field : table_.facts.fields()) all += elements[field];
  reserve_space(path, all * static_cast<std::uint64_t>(bytes_of(table_.facts.type)));
  for (const MapField field : table_.facts.fields())
    file_.create_dataset(names_of(field).elements, hdf5_type_of(table_.facts.type),
                         {elements[field]}, true);
}

void MapWriter::set_piece(std::uint32_t number, std::uint32_t count) noexcept {
  table_.piece = number;
  table_.piece_count = count;
}

void MapWriter::add(DumpSample sample, const PerField<std::vector<std::byte>>& blocks) {
  const DumpFacts& facts = table_.facts;
  MapPlace place;
  for (const MapField field : facts.fields()) {
    const char* name = names_of(field).elements;
    const std::vector<std::byte>& block = blocks[field];
    const std::vector<float> values = decode_block(block, facts.type);
    if (static_cast<std::int64_t>(values.size()) != facts.elements(field, sample.grid) ||
        written_[field] + values.size() > table_.elements[field]) {
      throw InternalError(
          fmt::format("sample {} has {} elements of {} on a grid of {} x {}", sample.sample_id,
                      values.size(), name, sample.grid.height, sample.grid.width),
          file_.path());
    }
    const std::string trouble = check_values(field, values, sample.grid, facts);
    if (!trouble.empty())
      throw InternalError(fmt::format("sample {}: {}", sample.sample_id, trouble), file_.path());
    if (field == MapField::kMap) {
      const SumRange sums = sums_of(values, sample.grid.area(), facts.is_signed);
      if (table_.samples.empty()) sums_ = sums;
      sums_.include(sums);
    }
    if (facts.type == MapType::f16) {
      std::vector<hdf5::Half> halves(values.size());
      std::memcpy(halves.data(), block.data(), block.size());
      file_.write_range<hdf5::Half>(name, written_[field], halves);
    } else {
      file_.write_range<float>(name, written_[field], values);
    }
    sample.hash[field] = xxh3_64(block);
    place.start[field] = written_[field];
    written_[field] += values.size();
  }
  table_.samples.push_back(std::move(sample));
  table_.places.push_back(place);
}

void MapWriter::close() {
  for (const MapField field : table_.facts.fields())
    if (written_[field] != table_.elements[field])
      throw InternalError(fmt::format("{} of {} elements of {} were written", written_[field],
                                      table_.elements[field], names_of(field).elements),
                          file_.path());
  table_.facts.sum_min = static_cast<float>(sums_.least);
  table_.facts.sum_max = static_cast<float>(sums_.most);
  write_table(file_, table_);
  file_.close();
}

namespace {

void write_new_piece(const std::string& path, const DumpFacts& facts, std::uint32_t number,
                     std::uint32_t count, const std::vector<MapRecord>& records) {
  PerField<std::uint64_t> elements;
  for (const MapRecord& record : records)
    for (const MapField field : facts.fields())
      elements[field] += static_cast<std::uint64_t>(facts.elements(field, record.sample.grid));
  AtomicFile file(path, temporary_tag(facts.plan_id));
  MapWriter writer(file.temporary_path(), MapFileKind::kPiece, facts, elements);
  writer.set_piece(number, count);
  for (const MapRecord& record : records) writer.add(record.sample, record.blocks);
  writer.close();
  check_map_file(file.temporary_path());
  file.commit();
}

/// Whether a sound piece of this dump is there.
bool piece_is_there(const std::string& path, const DumpFacts& facts, std::uint32_t number) {
  try {
    check_map_file(path);
    const MapTable table = MapFile::open(path).table();
    return table.piece == number && table.facts.plan_id == facts.plan_id;
  } catch (const DataError&) {
    return false;
  }
}

}  // namespace

void write_piece(const std::string& folder, const DumpFacts& facts, std::uint32_t number,
                 std::uint32_t count, const std::vector<MapRecord>& records) {
  const std::string path = folder + "/" + piece_file_name(number);
  try {
    write_new_piece(path, facts, number, count, records);
  } catch (const InternalError&) {
    throw;
  } catch (const Error&) {
    // Another job at the same piece was faster and tidied up.
    if (!piece_is_there(path, facts, number)) throw;
    log::info("{} is there already, from another job", path);
  }
  remove_leftovers(path);
}

void check_map_file(const std::string& path) {
  const MapFile file = MapFile::open(path);
  for (std::size_t row = 0; row < file.table().samples.size(); ++row)
    for (const MapField field : file.table().facts.fields()) file.block(row, field);
}

}  // namespace intr

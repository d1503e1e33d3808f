// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include "intr/attention/map_file.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

hdf5::Type hdf5_type_of(MapType type) {
  return type == MapType::f16 ? hdf5::Type::f16 : hdf5::Type::f32;
}

/// Two jobs that work on one piece by mistake must not share a temporary file.
std::string temporary_tag(const std::string& plan_id) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  return fmt::format("{}-{}-{}", plan_id, host, ::getpid());
}

}  // namespace

MapWriter::MapWriter(const std::string& path, MapFileKind kind, DumpFacts facts,
                     std::uint64_t map_elements)
    : file_(hdf5::File::create(path)) {
  reserve_space(path, map_elements * static_cast<std::uint64_t>(bytes_of(facts.type)));
  file_.create_dataset("/map", hdf5_type_of(facts.type), {map_elements}, true);
  table_.kind = kind;
  table_.facts = std::move(facts);
  table_.map_elements = map_elements;
}

void MapWriter::set_piece(std::uint32_t number, std::uint32_t count) noexcept {
  table_.piece = number;
  table_.piece_count = count;
}

void MapWriter::set_scales(double peak_p99, double contrast_p99) noexcept {
  table_.facts.peak_p99 = peak_p99;
  table_.facts.contrast_p99 = contrast_p99;
}

void MapWriter::add(DumpSample sample, std::span<const std::byte> block) {
  const DumpFacts& facts = table_.facts;
  const std::vector<float> values = decode_block(block, facts.type);
  if (static_cast<std::int64_t>(values.size()) != facts.block_elements(sample.grid) ||
      written_ + values.size() > table_.map_elements) {
    throw InternalError(
        fmt::format("sample {} has {} map elements on a grid of {} x {}", sample.sample_id,
                    values.size(), sample.grid.height, sample.grid.width),
        file_.path());
  }
  const SumRange sums = sums_of(values, sample.grid.area());
  if (!sums_are_sound(sums, facts.type)) {
    throw InternalError(fmt::format("maps of sample {} sum to {} to {} instead of 1",
                                    sample.sample_id, sums.least, sums.most),
                        file_.path());
  }
  if (table_.samples.empty()) sums_ = sums;
  sums_.include(sums);
  if (facts.type == MapType::f16) {
    std::vector<hdf5::Half> halves(values.size());
    std::memcpy(halves.data(), block.data(), block.size());
    file_.write_range<hdf5::Half>("/map", written_, halves);
  } else {
    file_.write_range<float>("/map", written_, values);
  }
  sample.block_hash = xxh3_64(block);
  table_.samples.push_back(std::move(sample));
  table_.places.push_back({.start = written_});
  written_ += values.size();
}

void MapWriter::close() {
  if (written_ != table_.map_elements)
    throw InternalError(
        fmt::format("{} of {} map elements were written", written_, table_.map_elements),
        file_.path());
  table_.facts.sum_min = static_cast<float>(sums_.least);
  table_.facts.sum_max = static_cast<float>(sums_.most);
  write_table(file_, table_);
  file_.close();
}

void write_piece(const std::string& folder, const DumpFacts& facts, std::uint32_t number,
                 std::uint32_t count, const std::vector<MapRecord>& records) {
  const std::string name = piece_file_name(number);
  remove_leftovers(folder + "/" + name);
  std::uint64_t elements = 0;
  for (const MapRecord& record : records)
    elements += static_cast<std::uint64_t>(facts.block_elements(record.sample.grid));
  AtomicFile file(folder + "/" + name, temporary_tag(facts.plan_id));
  MapWriter writer(file.temporary_path(), MapFileKind::kPiece, facts, elements);
  writer.set_piece(number, count);
  for (const MapRecord& record : records) writer.add(record.sample, record.block);
  writer.close();
  check_map_file(file.temporary_path());
  file.commit();
}

void check_map_file(const std::string& path) {
  const MapFile file = MapFile::open(path);
  for (std::size_t row = 0; row < file.table().samples.size(); ++row) file.block(row);
}

}  // namespace intr

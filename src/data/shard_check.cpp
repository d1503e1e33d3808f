// SPDX-License-Identifier: Apache-2.0
#include "shard_check.h"

#include <fmt/format.h>

#include <vector>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/data/sample_columns.h"
#include "intr/data/shard_format.h"

namespace intr {
namespace {

constexpr const char* kVerify =
    "copy the shard again or pack again; intr-pack verify lists all damage";

void require(bool holds, const std::string& what, const std::string& path) {
  if (!holds) throw DataError(what, path, kVerify);
}

/// Labels and ids as the set counts them: other sets may have lent the shard.
void renumber(SampleColumns& columns, const DataIndex::Shard& expected, const hdf5::File& file) {
  const std::uint64_t shift = static_cast<std::uint64_t>(expected.first_sample) -
                              file.number<std::uint64_t>("/", "first_sample");
  for (std::uint64_t& id : columns.sample_id) id += shift;
  if (expected.label_map.empty()) return;
  for (std::int32_t& label : columns.label)
    label = expected.label_map[static_cast<std::size_t>(label)];
}

/// The class list is the beginning of the set's, or the label map leads to equal names.
/// @return the number of classes
std::int64_t check_classes(const DataIndex& index, const DataIndex::Shard& expected,
                           const hdf5::File& file) {
  const hdf5::Shape shape = file.shape("/classes");
  require(shape.size() == 1 && shape[0] <= index.classes().size(),
          "it has more classes than the set", file.path());
  const auto& map = expected.label_map;
  require(map.empty() || map.size() == shape[0],
          "its label_map has another length than its classes", file.path());
  // Another tool may have stored the names where only HDF5 finds them; the labels are compared.
  if (!file.is_contiguous("/classes")) return static_cast<std::int64_t>(shape[0]);
  const std::vector<std::string> names = file.read_strings("/classes");
  for (std::size_t label = 0; label < names.size(); ++label) {
    const auto in_set = map.empty() ? label : static_cast<std::size_t>(map[label]);
    require(in_set < index.classes().size() && index.classes()[in_set] == names[label],
            fmt::format("its class {} is '{}', which is not class {} of the set", label,
                        names[label], in_set),
            file.path());
  }
  return std::ssize(names);
}

/// Compares the shard's columns with its rows of the index.
void check_columns(const DataIndex& index, std::int64_t shard, const hdf5::File& file,
                   const std::vector<std::uint64_t>& offset) {
  const DataIndex::Shard& expected = index.shards()[static_cast<std::size_t>(shard)];
  SampleColumns columns = read_columns(file, check_classes(index, expected, file));
  require(columns.size() == expected.num_samples,
          columns.size() < expected.num_samples ? "it has fewer samples than the index says"
                                                : "it has more samples than the index says",
          file.path());
  renumber(columns, expected, file);
  const std::int64_t first = index.first_row(shard);
  for (std::int64_t i = 0; i < columns.size(); ++i) {
    const std::int64_t row = first + i;
    const std::string column = index.columns().difference(row, columns, i);
    const auto place = static_cast<std::size_t>(i);
    const bool same_bytes =
        offset[place] == index.begin(row) && offset[place + 1] - offset[place] == index.length(row);
    require(column.empty() && same_bytes,
            fmt::format("/{} of sample {} differs from the index", same_bytes ? column : "offset",
                        index.sample_id(row)),
            file.path());
  }
  require(index.has_all_columns() || columns.rest_hash(0, columns.size()) == index.rest_hash(shard),
          "/path or /source_hash differs from the index", file.path());
}

void check_offsets(const std::vector<std::uint64_t>& offset, std::uint64_t data_bytes,
                   const std::string& path) {
  require(!offset.empty() && offset.front() == 0 && offset.back() == data_bytes,
          "/offset does not cover /data", path);
  for (std::size_t i = 1; i < offset.size(); ++i)
    require(offset[i - 1] <= offset[i], fmt::format("/offset falls at row {}", i), path);
}

void check_attributes(const DataIndex& index, std::int64_t shard, const hdf5::File& file) {
  const DataIndex::Shard& expected = index.shards()[static_cast<std::size_t>(shard)];
  require_format(file, shard_format::kShardFormat);
  require(file.has_attribute("/", "complete") && file.number<std::uint8_t>("/", "complete") == 1,
          "it was never completed", file.path());
  require(file.text("/", "split") == index.split(),
          fmt::format("it belongs to split '{}'", file.text("/", "split")), file.path());
  require(file.text("/", "plan_id") == expected.plan_id, "it comes from another packing",
          file.path());
  require(static_cast<std::int64_t>(file.number<std::uint64_t>("/", "num_samples")) ==
              expected.num_samples,
          "its number of samples differs from the index", file.path());
}

/// A cut file makes HDF5 fail in many ways; all of them mean this.
hdf5::File open_hdf5(const std::string& path, std::uint64_t size, std::uint64_t expected) {
  try {
    return hdf5::File::open(path);
  } catch (const DataError&) {
    if (size >= expected) throw;
  }
  throw DataError(
      fmt::format("ends at byte {}, {} says {}", size, shard_format::kManifestFile, expected), path,
      kVerify);
}

}  // namespace

OpenShard check_shard(const DataIndex& index, std::int64_t shard, const std::string& path) {
  const DataIndex::Shard& expected = index.shards()[static_cast<std::size_t>(shard)];
  OpenShard result{InputFile(path), 0, std::nullopt};
  const std::uint64_t size = result.file.size();
  hdf5::File file = open_hdf5(path, size, expected.bytes);
  check_attributes(index, shard, file);
  const hdf5::File::Storage storage = file.storage("/data");
  require(storage != hdf5::File::Storage::elsewhere, "/data lies in other files", path);
  const hdf5::Shape data = file.shape("/data");
  require(data.size() == 1, "/data is no row of bytes", path);
  const hdf5::Shape offsets = file.shape("/offset");
  require(offsets.size() == 1 && offsets[0] == static_cast<std::uint64_t>(expected.num_samples) + 1,
          "/offset has the wrong length", path);
  const auto offset = file.read<std::uint64_t>("/offset");
  check_offsets(offset, data[0], path);
  check_columns(index, shard, file, offset);
  result.data_begin = file.byte_offset("/data");
  const bool in_one_piece = storage == hdf5::File::Storage::plain && result.data_begin > 0;
  if (in_one_piece) {
    require(data[0] <= size && result.data_begin <= size - data[0],
            "/data ends beyond the file's end", path);
    if (size == expected.bytes) return result;
  }
  // A file that ends where HDF5 says was written so by another tool; one that does not is damaged.
  require(
      size == file.end(),
      fmt::format("it has {} bytes, {} says {}", size, shard_format::kManifestFile, expected.bytes),
      path);
  if (in_one_piece) {
    log::warning("{}: was rewritten by another tool; its samples are those that were packed", path);
    return result;
  }
  log::warning(
      "{}: /data is not stored in one piece (rewritten by another tool?), so reading it is several "
      "times slower. Next: pack again",
      path);
  result.rewritten = std::move(file);
  return result;
}

}  // namespace intr

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

/// Compares the shard's columns with the rows of the index that name it.
void check_columns(const DataIndex& index, std::int64_t shard, const hdf5::File& file,
                   const std::vector<std::uint64_t>& offset) {
  const SampleColumns columns = read_columns(file, std::ssize(index.classes()));
  std::int64_t row_in_shard = 0;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    if (index.shard_of(row) != shard) continue;
    require(row_in_shard < columns.size(), "it has fewer samples than the index says", file.path());
    const std::string column = index.columns().difference(row, columns, row_in_shard);
    const auto i = static_cast<std::size_t>(row_in_shard);
    const bool same_bytes =
        offset[i] == index.begin(row) && offset[i + 1] - offset[i] == index.length(row);
    require(column.empty() && same_bytes,
            fmt::format("/{} of sample {} differs from the index", same_bytes ? column : "offset",
                        index.sample_id(row)),
            file.path());
    ++row_in_shard;
  }
  require(row_in_shard == columns.size(), "it has more samples than the index says", file.path());
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
  const hdf5::Shape data = file.shape("/data");
  require(data.size() == 1, "/data is no row of bytes", path);
  const auto offset = file.read<std::uint64_t>("/offset");
  require(std::ssize(offset) == expected.num_samples + 1, "/offset has the wrong length", path);
  check_offsets(offset, data[0], path);
  check_columns(index, shard, file, offset);
  result.data_begin = file.byte_offset("/data");
  if (file.is_contiguous("/data") && result.data_begin > 0) {
    require(data[0] <= size && result.data_begin <= size - data[0],
            "/data ends beyond the file's end", path);
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

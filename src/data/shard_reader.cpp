// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_reader.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <list>
#include <mutex>
#include <optional>
#include <thread>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "intr/data/shard_format.h"
#include "intr/io/file_range.h"
#include "intr/io/hdf5.h"

namespace intr {
namespace {

constexpr const char* kVerify =
    "copy the shard again or pack again; intr-pack verify lists all damage";
constexpr std::size_t kMaxOpenShards = 64;
constexpr std::array<std::chrono::milliseconds, 3> kRetryPauses = {std::chrono::milliseconds(100),
                                                                   std::chrono::milliseconds(500),
                                                                   std::chrono::milliseconds(2000)};

/// A checked shard, open for reading.
struct OpenShard {
  InputFile file;
  std::uint64_t data_begin = 0;         ///< byte of the file; unused if `rewritten` is there
  std::optional<hdf5::File> rewritten;  ///< a shard whose /data lies in chunks or filters
};

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

/// Everything about a shard that can be checked without reading its pictures.
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

OpenShard open_shard(const DataIndex& index, std::int64_t shard) {
  return check_shard(index, shard,
                     index.set() + "/" + index.shards()[static_cast<std::size_t>(shard)].file);
}

}  // namespace

struct ShardReader::State {
  explicit State(const DataIndex& data_index)
      : index(&data_index), shards(data_index.shards().size()) {}

  const DataIndex* index;
  std::mutex mutex;
  std::vector<std::shared_ptr<const OpenShard>> shards;
  std::list<std::int64_t> recently_used;  ///< open shards, the last used first

  std::shared_ptr<const OpenShard> shard(std::int64_t number);
  void forget(std::int64_t number);
  std::string describe(std::int64_t row, std::uint64_t data_begin) const;
  std::vector<std::byte> read_once(std::int64_t row);
  std::vector<std::byte> read_patiently(std::int64_t row);
};

std::shared_ptr<const OpenShard> ShardReader::State::shard(std::int64_t number) {
  const std::lock_guard lock(mutex);
  auto& slot = shards[static_cast<std::size_t>(number)];
  if (slot == nullptr) slot = std::make_shared<const OpenShard>(open_shard(*index, number));
  if (recently_used.empty() || recently_used.front() != number) {
    recently_used.remove(number);
    recently_used.push_front(number);
  }
  auto result = slot;
  if (recently_used.size() > kMaxOpenShards) {
    shards[static_cast<std::size_t>(recently_used.back())].reset();
    recently_used.pop_back();
  }
  return result;
}

void ShardReader::State::forget(std::int64_t number) {
  const std::lock_guard lock(mutex);
  shards[static_cast<std::size_t>(number)].reset();
  recently_used.remove(number);
}

std::string ShardReader::State::describe(std::int64_t row, std::uint64_t data_begin) const {
  const std::uint64_t begin = data_begin + index->begin(row);
  return fmt::format("sample {} ({}), bytes {} to {} of {}", index->sample_id(row),
                     printable(index->path(row)), begin, begin + index->length(row),
                     index->shards()[static_cast<std::size_t>(index->shard_of(row))].file);
}

std::vector<std::byte> ShardReader::State::read_once(std::int64_t row) {
  const auto open = shard(index->shard_of(row));
  std::vector<std::byte> bytes(index->length(row));
  if (open->rewritten) {
    open->rewritten->read_range("/data", index->begin(row), std::span(bytes));
  } else {
    open->file.read(open->data_begin + index->begin(row), bytes);
  }
  return bytes;
}

/// Network file systems fail for a moment and recover: the file is opened anew after each failure.
std::vector<std::byte> ShardReader::State::read_patiently(std::int64_t row) {
  for (const std::chrono::milliseconds pause : kRetryPauses) {
    try {
      return read_once(row);
    } catch (const EnvironmentError& error) {
      log::warning("{}; trying again", error.what());
      forget(index->shard_of(row));
      std::this_thread::sleep_for(pause);
    }
  }
  return read_once(row);
}

ShardReader::ShardReader(const DataIndex& index) : state_(std::make_unique<State>(index)) {}
ShardReader::ShardReader(ShardReader&&) noexcept = default;
ShardReader::~ShardReader() = default;

void ShardReader::check(std::int64_t shard) const { state_->shard(shard); }

std::vector<std::byte> ShardReader::read(std::int64_t row) const {
  const DataIndex& index = *state_->index;
  const auto& shard = index.shards().at(static_cast<std::size_t>(index.shard_of(row)));
  try {
    std::vector<std::byte> bytes = state_->read_patiently(row);
    if (xxh3_64(bytes) == index.hash(row)) return bytes;
    state_->forget(index.shard_of(row));
    bytes = state_->read_patiently(row);
    if (xxh3_64(bytes) == index.hash(row)) return bytes;
  } catch (const DataError& error) {
    throw DataError(
        fmt::format("cannot read {}: {}", state_->describe(row, shard.data_begin), error.what()));
  }
  throw DataError(fmt::format("{}: these bytes are not those that were packed",
                              state_->describe(row, shard.data_begin)),
                  index.set(), kVerify);
}

Image ShardReader::decode(std::int64_t row) const {
  const DataIndex& index = *state_->index;
  const std::string where = fmt::format(
      "{}: {}", index.set(),
      state_->describe(
          row, index.shards().at(static_cast<std::size_t>(index.shard_of(row))).data_begin));
  Image image = decode_image(read(row), where);
  if (image.size == index.image_size(row)) return image;
  const ImageSize expected = index.image_size(row);
  throw DataError(fmt::format("decodes to {}x{} pixels, the index says {}x{}", image.size.width,
                              image.size.height, expected.width, expected.height),
                  where, kVerify);
}

}  // namespace intr

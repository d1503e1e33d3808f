// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_reader.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <list>
#include <mutex>
#include <thread>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "shard_check.h"

namespace intr {
namespace {

constexpr const char* kVerify =
    "copy the shard again or pack again; intr-pack verify lists all damage";
constexpr std::size_t kMaxOpenShards = 64;
constexpr std::array<std::chrono::milliseconds, 3> kRetryPauses = {std::chrono::milliseconds(100),
                                                                   std::chrono::milliseconds(500),
                                                                   std::chrono::milliseconds(2000)};

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
  Image image = decode_image(read(row), where, nullptr, index.decode_policy());
  if (image.size == index.image_size(row)) return image;
  const ImageSize expected = index.image_size(row);
  throw DataError(fmt::format("decodes to {}x{} pixels, the index says {}x{}", image.size.width,
                              image.size.height, expected.width, expected.height),
                  where, kVerify);
}

}  // namespace intr

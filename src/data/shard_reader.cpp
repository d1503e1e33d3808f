// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_reader.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <thread>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/printable.h"
#include "open_shards.h"

namespace intr {
namespace {

constexpr const char* kVerify =
    "copy the shard again or pack again; intr-pack verify lists all damage";
constexpr const char* kNotPacked = "these bytes are not those that were packed";
constexpr std::array<std::chrono::milliseconds, 3> kRetryPauses = {std::chrono::milliseconds(100),
                                                                   std::chrono::milliseconds(500),
                                                                   std::chrono::milliseconds(2000)};

/// Failures of network file systems and disks that a fresh descriptor may cure.
bool may_pass(int error_number) { return error_number == EIO || error_number == ESTALE; }

/// A file that may not be read says so itself; all other failures of reading mean bad storage.
[[noreturn]] void throw_read_error(const std::string& path, int error_number) {
  const std::string reason = std::generic_category().message(error_number);
  throw DataError(fmt::format("cannot read: {}, although tried {} times", reason,
                              may_pass(error_number) ? kRetryPauses.size() + 1 : 1),
                  path, "check that disk or file system; intr-pack verify lists all damage");
}

}  // namespace

struct ShardReader::State {
  State(const DataIndex& data_index, const ShardCopies* copies)
      : index(&data_index), shards(data_index, copies) {}

  const DataIndex* index;
  OpenShards shards;
  ReadFaults faults;

  ReadFault fault_of(std::int64_t row) const {
    return faults ? faults(index->sample_id(row)) : ReadFault::kNone;
  }

  std::string describe(std::int64_t row) const;
  int read_once(std::int64_t row, std::span<std::byte> bytes, std::string& path);
  void read_patiently(std::int64_t row, std::span<std::byte> bytes);
};

std::string ShardReader::State::describe(std::int64_t row) const {
  const DataIndex::Shard& shard = index->shards()[static_cast<std::size_t>(index->shard_of(row))];
  const std::uint64_t begin = shard.data_begin + index->begin(row);
  return fmt::format("sample {} ({}), bytes {} to {} of {}", index->sample_id(row),
                     printable(index->path(row)), begin, begin + index->length(row), shard.file);
}

/// @return 0 or the errno value of a failure
int ShardReader::State::read_once(std::int64_t row, std::span<std::byte> bytes, std::string& path) {
  if (fault_of(row) == ReadFault::kIoError) {
    path = describe(row);
    return EIO;
  }
  const auto open = shards.get(index->shard_of(row));
  if (open->rewritten) {
    open->rewritten->read_range("/data", index->begin(row), bytes);
    return 0;
  }
  const std::uint64_t begin = open->data_begin + index->begin(row);
  const int result = open->file.try_read(begin, bytes);
  if (result == InputFile::kEnds) open->file.read(begin, bytes);  // says where it ends
  if (result != 0) path = open->file.path();
  return result;
}

/// The file is opened anew after each failure that may pass.
void ShardReader::State::read_patiently(std::int64_t row, std::span<std::byte> bytes) {
  for (std::size_t attempt = 0;; ++attempt) {
    const bool last = attempt == kRetryPauses.size();
    std::string path, reason;
    try {
      const int error_number = read_once(row, bytes, path);
      if (error_number == 0) return;
      if (last || !may_pass(error_number)) throw_read_error(path, error_number);
      reason = fmt::format("{}: {}", path, std::generic_category().message(error_number));
    } catch (const EnvironmentError& error) {  // it cannot be opened
      if (last) throw;
      reason = error.what();
    }
    log::warning("{}; trying again", reason);
    shards.forget(index->shard_of(row), reason);
    std::this_thread::sleep_for(kRetryPauses[attempt]);
  }
}

ShardReader::ShardReader(const DataIndex& index, const ShardCopies* copies)
    : state_(std::make_unique<State>(index, copies)) {}
ShardReader::ShardReader(ShardReader&&) noexcept = default;
ShardReader::~ShardReader() = default;

void ShardReader::set_faults(ReadFaults faults) { state_->faults = std::move(faults); }

void ShardReader::check(std::int64_t shard) const { state_->shards.get(shard); }

std::vector<std::byte> ShardReader::read(std::int64_t row) const {
  std::vector<std::byte> bytes;
  read_into(row, bytes);
  return bytes;
}

void ShardReader::read_into(std::int64_t row, std::vector<std::byte>& bytes) const {
  const std::int64_t shard = state_->index->shard_of(row);
  bytes.resize(state_->index->length(row));
  for (int attempt = 0; attempt < 2; ++attempt) {  // the second through a fresh descriptor
    try {
      state_->read_patiently(row, bytes);
      if (is_intact(row, bytes)) return;
      state_->shards.forget(shard, kNotPacked);
    } catch (const DataError& error) {
      if (attempt == 0 && state_->shards.forget(shard, error.what())) continue;  // a copy failed
      throw DataError(fmt::format("cannot read {}: {}", state_->describe(row), error.what()));
    }
  }
  throw DataError(fmt::format("{}: {}", state_->describe(row), kNotPacked), state_->index->set(),
                  kVerify);
}

Image ShardReader::decode(std::int64_t row) const {
  Image image;
  decode_into(image, row, read(row));
  return image;
}

void ShardReader::decode_into(Image& image, std::int64_t row,
                              std::span<const std::byte> bytes) const {
  const DataIndex& index = *state_->index;
  const auto where = [&] { return fmt::format("{}: {}", index.set(), state_->describe(row)); };
  try {
    decode_image_into(image, bytes, {}, index.decode_policy());
  } catch (const DataError&) {
    // Once more for a message that says where: naming the place of every picture would cost more.
    decode_image_into(image, bytes, where(), index.decode_policy());
  }
  const ImageSize expected = index.image_size(row);
  if (image.size == expected) return;
  throw DataError(fmt::format("decodes to {}x{} pixels, the index says {}x{}", image.size.width,
                              image.size.height, expected.width, expected.height),
                  where(), kVerify);
}

bool ShardReader::read_ahead(std::int64_t row, std::span<std::byte> bytes) const noexcept {
  try {
    std::string path;
    return state_->read_once(row, bytes, path) == 0;
  } catch (const std::exception&) {
    return false;
  }
}

bool ShardReader::is_intact(std::int64_t row, std::span<const std::byte> bytes) const noexcept {
  // Bytes that were read ahead with others meet their fault here.
  return state_->fault_of(row) == ReadFault::kNone && xxh3_64(bytes) == state_->index->hash(row);
}

void ShardReader::will_need(std::int64_t row) const noexcept {
  try {
    const auto open = state_->shards.get(state_->index->shard_of(row));
    if (open->rewritten) return;
    ::posix_fadvise(open->file.descriptor(),
                    static_cast<off_t>(open->data_begin + state_->index->begin(row)),
                    static_cast<off_t>(state_->index->length(row)), POSIX_FADV_WILLNEED);
  } catch (const std::exception&) {  // whoever reads the row will say so
    return;
  }
}

}  // namespace intr

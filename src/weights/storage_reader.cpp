// SPDX-License-Identifier: Apache-2.0
#include "storage_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "crc32.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/weights/checkpoint_file.h"
#include "view_copy.h"

namespace intr {
namespace {

constexpr std::size_t kPiece = 1 << 20;  ///< stays in the cache between reading and checking
constexpr const char* kAgain = "damaged: get it again from its source";

/// Follows the bytes of a storage and compares them with what the file says of them.
class StorageCheck {
 public:
  StorageCheck(const InputFile& file, const WeightStorage& storage)
      : file_(file), storage_(storage) {}

  void add(std::span<const std::byte> piece) {
    if (storage_.crc) crc_ = crc32_of(piece, crc_);
    if (!storage_.block_hashes.empty()) add_to_blocks(piece);
  }
  void finish() {
    if (storage_.crc && crc_ != *storage_.crc)
      fail(fmt::format("{}: CRC mismatch: {:08x}, stored is {:08x}", storage_.name, crc_,
                       *storage_.crc),
           0);
    if (in_block_ > 0) finish_block();
    if (block_ != storage_.block_hashes.size())
      fail(fmt::format("{} has {} blocks, {} are listed", storage_.name, block_,
                       storage_.block_hashes.size()),
           0);
  }

 private:
  [[noreturn]] void fail(const std::string& what, std::uint64_t at) const {
    throw DataError(fmt::format("byte {}: {}", storage_.begin + at, what), file_.path(), kAgain);
  }
  void add_to_blocks(std::span<const std::byte> piece) {
    while (!piece.empty()) {
      const std::size_t taken = std::min<std::uint64_t>(piece.size(), kCheckpointBlock - in_block_);
      hash_.add(piece.first(taken));
      in_block_ += taken;
      piece = piece.subspan(taken);
      if (in_block_ == kCheckpointBlock) finish_block();
    }
  }
  void finish_block() {
    const std::uint64_t found = hash_.take();
    if (block_ >= storage_.block_hashes.size() || storage_.block_hashes[block_] != found)
      fail(fmt::format("block {} of {} does not have its stored hash", block_, storage_.name),
           block_ * kCheckpointBlock);
    ++block_;
    in_block_ = 0;
  }

  const InputFile& file_;
  const WeightStorage& storage_;
  std::uint32_t crc_ = 0;
  Hash64 hash_;
  std::uint64_t in_block_ = 0;
  std::size_t block_ = 0;
};

/// Reads a storage piece by piece. @param piece gives the memory for the bytes from a place on
void read_checked(const InputFile& file, const WeightStorage& storage,
                  const std::function<std::span<std::byte>(std::uint64_t, std::size_t)>& piece) {
  StorageCheck check(file, storage);
  for (std::uint64_t at = 0; at < storage.bytes; at += kPiece) {
    const std::span<std::byte> memory =
        piece(at, std::min<std::uint64_t>(kPiece, storage.bytes - at));
    file.read(storage.begin + at, memory);
    check.add(memory);
  }
  check.finish();
}

}  // namespace

void StorageReader::read(const TensorEntry& entry, std::span<std::byte> out) {
  if (out.empty()) return;
  const WeightStorage& storage = storages_.at(entry.storage);
  const bool row_major = entry.is_row_major();
  if (row_major && entry.bytes == storage.bytes) return read_whole(entry.storage, out);
  if (!checked_[entry.storage]) verify(entry.storage);
  if (row_major)
    file_.read(storage.begin + static_cast<std::uint64_t>(entry.offset * item_size(entry.type)),
               out);
  else
    gather(entry, out);
}

void StorageReader::read_whole(std::size_t number, std::span<std::byte> out) {
  read_checked(file_, storages_[number],
               [&](std::uint64_t at, std::size_t count) { return out.subspan(at, count); });
  checked_[number] = true;
}

void StorageReader::verify(std::size_t number) {
  std::vector<std::byte> memory(std::min<std::uint64_t>(kPiece, storages_[number].bytes));
  read_checked(file_, storages_[number],
               [&](std::uint64_t, std::size_t count) { return std::span(memory).first(count); });
  checked_[number] = true;
}

void StorageReader::verify_all() {
  for (std::size_t i = 0; i < storages_.size(); ++i)
    if (!checked_[i]) verify(i);
}

/// Copies the elements of any view one after another into row-major order.
void StorageReader::gather(const TensorEntry& entry, std::span<std::byte> out) const {
  const auto item = static_cast<std::size_t>(item_size(entry.type));
  std::vector<std::byte> range(static_cast<std::size_t>(view_extent(entry.shape, entry.stride)) *
                               item);
  file_.read(storages_[entry.storage].begin + static_cast<std::uint64_t>(entry.offset) * item,
             range);
  copy_view(range, entry.shape, entry.stride, item, out);
}

}  // namespace intr

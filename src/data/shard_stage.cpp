// SPDX-License-Identifier: Apache-2.0
#include "intr/data/shard_stage.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <utility>

#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "intr/io/checked_copy.h"

namespace intr {
namespace {

constexpr std::uint64_t kSpareShare = 20;  // one part in so many of the free space
constexpr auto kLookEvery = std::chrono::seconds(1);

std::uint64_t size_or_zero(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : size;
}

std::uint64_t bytes_in(const std::string& folder) {
  std::error_code ignored;
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
    bytes += size_or_zero(entry.path().string());
  return bytes;
}

}  // namespace

ShardStage::ShardStage(const DataIndex& index, const StageOptions& options,
                       std::vector<std::int64_t> order)
    : index_(&index),
      options_(options),
      folder_(options.folder + "/intr-" + index.dataset_id()),
      is_there_(index.shards().size()) {
  for (const DataIndex::Shard& shard : index.shards()) paths_.push_back(folder_ + "/" + shard.file);
  if (order.empty()) {
    order.resize(paths_.size());
    std::iota(order.begin(), order.end(), 0);
  }
  thread_ = std::jthread([this, order = std::move(order)](const std::stop_token& stop) {
    if (options_.copies)
      copy_all(order, stop);
    else
      look(stop);
  });
}

ShardStage::~ShardStage() = default;  // the thread is told to stop and waited for

const std::string* ShardStage::copy_of(std::int64_t shard) const noexcept {
  const auto place = static_cast<std::size_t>(shard);
  return is_there_[place].load(std::memory_order_acquire) ? &paths_[place] : nullptr;
}

void ShardStage::copy_all(const std::vector<std::int64_t>& order, const std::stop_token& stop) {
  std::int64_t shards_that_stay = 0;
  std::uint64_t bytes_that_stay = 0;
  try {
    make_folder(folder_);
    for (const std::int64_t shard : order) {
      if (stop.stop_requested()) return;
      if (copy_one(shard, stop)) continue;
      ++shards_that_stay;
      bytes_that_stay += index_->shards()[static_cast<std::size_t>(shard)].bytes;
    }
  } catch (const std::exception& error) {  // a full disk fails every copy after this one, too
    log::warning("{}; no more shards are copied to {}", error.what(), folder_);
  }
  if (shards_that_stay > 0 && !stop.stop_requested())
    say_what_stays(shards_that_stay, bytes_that_stay);
}

/// @return false if it does not fit
bool ShardStage::copy_one(std::int64_t shard, const std::stop_token& stop) {
  const auto place = static_cast<std::size_t>(shard);
  const DataIndex::Shard& original = index_->shards()[place];
  const std::string& path = paths_[place];
  remove_leftovers(path);
  const bool is_left = std::filesystem::exists(path);
  if (is_left && size_or_zero(path) == original.bytes && hash_file(path) == original.hash) {
    is_there_[place].store(true, std::memory_order_release);
    return true;
  }
  if (is_left) std::filesystem::remove(path);
  if (!fits(original)) return false;
  try {
    AtomicFile target(path);
    const std::string from = index_->set() + "/" + original.file;
    if (copy_checked(from, target.temporary_path(), original.hash,
                     [&] { return stop.stop_requested(); })) {
      target.commit();
      is_there_[place].store(true, std::memory_order_release);
    }
  } catch (const DataError& error) {  // of the original: whoever reads it will stumble, or not
    log::warning("{}; it is not copied to {}", error.what(), folder_);
  }
  return true;
}

bool ShardStage::fits(const DataIndex::Shard& shard) const {
  if (options_.limit > 0 && bytes_in(folder_) + shard.bytes > options_.limit) return false;
  const std::uint64_t free = free_bytes(folder_);
  return shard.bytes <= free - free / kSpareShare;
}

void ShardStage::say_what_stays(std::int64_t shards, std::uint64_t bytes) const {
  log::warning("{} of {} shards of split '{}' ({}) do not fit into {}; they are read from {}",
               shards, paths_.size(), index_->split(), shown_bytes(bytes), folder_, index_->set());
}

/// Finds what another process of this node copies: its files appear whole.
void ShardStage::look(const std::stop_token& stop) {
  std::size_t missing = paths_.size();
  while (missing > 0 && !stop.stop_requested()) {
    for (std::size_t shard = 0; shard < paths_.size(); ++shard) {
      if (is_there_[shard].load(std::memory_order_relaxed)) continue;
      if (size_or_zero(paths_[shard]) != index_->shards()[shard].bytes) continue;
      is_there_[shard].store(true, std::memory_order_release);
      --missing;
    }
    std::unique_lock lock(mutex_);
    stopped_.wait_for(lock, stop, kLookEvery, [] { return false; });
  }
}

void ShardStage::wait() {
  if (options_.copies && thread_.joinable()) thread_.join();
}

void ShardStage::remove() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (options_.keep || !options_.copies) return;
  for (std::size_t shard = 0; shard < paths_.size(); ++shard) {
    is_there_[shard].store(false, std::memory_order_release);
    std::error_code ignored;
    std::filesystem::remove(paths_[shard], ignored);
  }
  std::error_code not_empty;  // another split's copies
  std::filesystem::remove(folder_, not_empty);
}

}  // namespace intr

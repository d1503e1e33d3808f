// SPDX-License-Identifier: Apache-2.0
#include "open_shards.h"

#include <utility>

#include "intr/core/error.h"
#include "intr/core/log.h"

namespace intr {
namespace {

constexpr std::size_t kMostOpen = 64;

}  // namespace

OpenShards::OpenShards(const DataIndex& index, const ShardCopies* copies)
    : index_(&index), copies_(copies), entries_(index.shards().size()) {}

/// The lock is held.
const std::string* OpenShards::wanted_copy(std::int64_t shard) {
  return copies_ == nullptr || entry(shard).distrusted ? nullptr : copies_->copy_of(shard);
}

std::shared_ptr<const OpenShard> OpenShards::get(std::int64_t shard) {
  const auto found = [&](const std::string* wanted) -> std::shared_ptr<const OpenShard> {
    Entry& known = entry(shard);
    if (known.open == nullptr || known.copy != wanted) return nullptr;
    recently_used_.splice(recently_used_.begin(), recently_used_, known.place);
    return known.open;
  };
  {
    const std::lock_guard lock(mutex_);
    if (auto open = found(wanted_copy(shard))) return open;
  }
  const std::lock_guard opening(opening_);
  const std::string* copy = nullptr;
  {
    const std::lock_guard lock(mutex_);
    copy = wanted_copy(shard);
    if (auto open = found(copy)) return open;  // another thread opened it meanwhile
  }
  std::shared_ptr<const OpenShard> open;
  if (copy != nullptr) open = open_copy(shard, *copy);
  if (open == nullptr) {
    copy = nullptr;
    open = open_original(shard);
  }
  keep(shard, open, copy);
  return open;
}

std::shared_ptr<const OpenShard> OpenShards::open_copy(std::int64_t shard,
                                                       const std::string& path) {
  try {
    return std::make_shared<const OpenShard>(check_shard(*index_, shard, path));
  } catch (const Error& error) {
    log::warning("{}; reading the original instead", error.what());
  }
  const std::lock_guard lock(mutex_);
  entry(shard).distrusted = true;
  return nullptr;
}

std::shared_ptr<const OpenShard> OpenShards::open_original(std::int64_t shard) {
  const std::string path =
      index_->set() + "/" + index_->shards()[static_cast<std::size_t>(shard)].file;
  std::optional<Known>& known = entry(shard).known;  // opening_ guards it
  if (known) {
    InputFile file(path);
    if (file.stamp() == known->stamp) {
      return std::make_shared<const OpenShard>(
          OpenShard{std::move(file), known->data_begin, std::nullopt});
    }
  }
  auto open = std::make_shared<const OpenShard>(check_shard(*index_, shard, path));
  known.reset();
  if (!open->rewritten) known = Known{open->file.stamp(), open->data_begin};
  return open;
}

void OpenShards::keep(std::int64_t shard, std::shared_ptr<const OpenShard> open,
                      const std::string* copy) {
  const std::lock_guard lock(mutex_);
  close(shard);
  Entry& kept = entry(shard);
  kept.open = std::move(open);
  kept.copy = copy;
  kept.place = recently_used_.insert(recently_used_.begin(), shard);
  if (recently_used_.size() > kMostOpen) close(recently_used_.back());
}

/// The lock is held. Who reads from it keeps the file open.
void OpenShards::close(std::int64_t shard) {
  Entry& closed = entry(shard);
  if (closed.open == nullptr) return;
  closed.open.reset();
  closed.copy = nullptr;
  recently_used_.erase(closed.place);
}

bool OpenShards::forget(std::int64_t shard, const std::string& why) {
  const std::lock_guard lock(mutex_);
  Entry& known = entry(shard);
  const bool was_copy = known.open != nullptr && known.copy != nullptr;
  if (was_copy) {
    known.distrusted = true;
    log::warning("{}: {}; reading the original instead", *known.copy, why);
  }
  close(shard);
  return was_copy;
}

}  // namespace intr

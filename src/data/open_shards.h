// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "intr/data/shard_reader.h"
#include "intr/io/file_range.h"
#include "shard_check.h"

namespace intr {

/// The open shards of a reader, the 64 used last. A shard is checked when it is first opened, and
/// again only if its file changed. Thread-safe; opening holds up only those who open too.
class OpenShards {
 public:
  OpenShards(const DataIndex& index, const ShardCopies* copies);

  /// @throws DataError, EnvironmentError if the original cannot be opened or fails a check
  std::shared_ptr<const OpenShard> get(std::int64_t shard);
  /// The next get() opens the shard anew; a copy that was open is not used again.
  /// @return whether it was a copy
  bool forget(std::int64_t shard, const std::string& why);

 private:
  /// What the first check of an original found.
  struct Known {
    InputFile::Stamp stamp;
    std::uint64_t data_begin = 0;
  };
  struct Entry {
    std::shared_ptr<const OpenShard> open;
    const std::string* copy = nullptr;  ///< that is open; null = the original
    bool distrusted = false;            ///< its copy failed
    std::optional<Known> known;
    std::list<std::int64_t>::iterator place;  ///< in recently_used_; only if open
  };

  Entry& entry(std::int64_t shard) { return entries_[static_cast<std::size_t>(shard)]; }
  const std::string* wanted_copy(std::int64_t shard);
  std::shared_ptr<const OpenShard> open_copy(std::int64_t shard, const std::string& path);
  std::shared_ptr<const OpenShard> open_original(std::int64_t shard);
  void keep(std::int64_t shard, std::shared_ptr<const OpenShard> open, const std::string* copy);
  void close(std::int64_t shard);

  const DataIndex* index_;
  const ShardCopies* copies_;
  std::mutex opening_;  ///< taken before mutex_; checks take long
  std::mutex mutex_;    ///< guards the rest
  std::vector<Entry> entries_;
  std::list<std::int64_t> recently_used_;  ///< open shards, the last used first
};

}  // namespace intr

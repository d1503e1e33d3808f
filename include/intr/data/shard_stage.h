// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "intr/data/data_index.h"
#include "intr/data/shard_reader.h"

namespace intr {

struct StageOptions {
  std::string folder;       ///< of this node, on a disk or in memory
  std::uint64_t limit = 0;  ///< bytes of copies of the whole data set; 0 = no limit
  bool keep = false;        ///< leave the copies for a later run
  bool copies = true;       ///< this process copies; the others of its node only look
};

/// Copies the shards of a split to FOLDER/intr-DATASET_ID/ while they are already being read: a
/// ShardReader reads the original until its copy is there, whole and with the right hash. Copies
/// that an earlier run left are used again if their hash is right. What does not fit stays where it
/// is. Nothing here fails a run: troubles are warnings.
class ShardStage : public ShardCopies {
 public:
  /// @param index must outlive the stage
  /// @param order shards in the order in which they will be needed; empty = as stored
  ShardStage(const DataIndex& index, const StageOptions& options,
             std::vector<std::int64_t> order = {});
  ShardStage(const ShardStage&) = delete;
  ShardStage& operator=(const ShardStage&) = delete;
  /// Stops copying; copies stay.
  ~ShardStage() override;

  const std::string* copy_of(std::int64_t shard) const noexcept override;
  /// Waits until no more copies will come from this process.
  void wait();
  /// For the normal end of a run: stops copying and removes the copies, unless they are kept. What
  /// is open can still be read.
  void remove();

 private:
  void copy_all(const std::vector<std::int64_t>& order, const std::stop_token& stop);
  bool copy_one(std::int64_t shard, const std::stop_token& stop);
  void look(const std::stop_token& stop);
  bool fits(const DataIndex::Shard& shard) const;
  void say_what_stays(std::int64_t shards, std::uint64_t bytes) const;

  const DataIndex* index_;
  StageOptions options_;
  std::string folder_;
  std::vector<std::string> paths_;           ///< of the copies
  std::vector<std::atomic<bool>> is_there_;  ///< a shard's copy may be read
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace intr

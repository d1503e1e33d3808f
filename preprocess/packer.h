// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "preprocess/pack_messages.h"
#include "preprocess/pack_plan.h"
#include "preprocess/pack_progress.h"
#include "preprocess/pack_report.h"
#include "preprocess/picture_source.h"
#include "preprocess/rank_team.h"
#include "preprocess/shard_job.h"

namespace intr {

/// How a plan is carried out; nothing but `check` changes a byte of the set.
struct PackerOptions {
  CheckOptions check;
  bool verify_existing = false;  ///< hash the pictures of shards that are kept
  bool restart = false;          ///< remove an unfinished packing with another plan
  bool refuse_duplicates = false;
  double finish_within_s = 20;  ///< after a stop signal, a shard that needs less is finished
  std::function<bool()> stop_requested = [] { return false; };
  RankTeam* team = nullptr;  ///< the ranks that divide the shards; null: this process alone
};

enum class PackOutcome { kDone, kNothingToDo, kStopped };

/// Carries a plan out: SET appears shard by shard, each by rename, and its manifest last. Running
/// it again goes on where it stopped; the final bytes are those of an unbroken run, whatever the
/// ranks and threads.
class Packer {
 public:
  /// @param source_name for messages and the plan file
  /// @param plan        equal on all ranks
  Packer(const PictureSource& source, std::string source_name, const PackPlan& plan,
         std::string set, PackerOptions options);

  /// Collective.
  /// @return the same on every rank
  /// @throws DataError listing the bad pictures, after all were looked at; UsageError if SET holds
  /// something else; EnvironmentError, such as for a full disk
  PackOutcome run();
  /// Valid on rank 0 after run() returned kDone.
  const PackReport& report() const noexcept { return report_; }

 private:
  bool prepare();
  std::vector<FinishedShard> do_shards();
  std::optional<ShardResult> do_shard(const PlannedShard& shard, PackProgress& progress) const;
  bool assemble(const std::vector<std::string>& results);
  void collect(std::vector<ShardResult> results);
  void write_report() const;
  void refuse_bad() const;
  void refuse_duplicates() const;
  void finish();

  const PictureSource* source_;
  std::string source_name_;
  const PackPlan* plan_;
  std::string set_;
  PackerOptions options_;
  SoloTeam alone_;
  RankTeam* team_;
  std::vector<PackedSplit> splits_;
  std::vector<std::vector<DataIndex::Shard>> shards_;  ///< of each split
  PackReport report_;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intr/data/data_index.h"
#include "preprocess/pack_plan.h"
#include "preprocess/pack_report.h"
#include "preprocess/picture_source.h"
#include "preprocess/shard_job.h"

namespace intr {

/// How a plan is carried out; nothing here changes a byte of the set.
struct PackerOptions {
  CheckOptions check;
  bool verify_existing = false;  ///< hash the pictures of shards that are kept
  bool restart = false;          ///< remove an unfinished packing with another plan
  bool refuse_duplicates = false;
  double finish_within_s = 20;  ///< after a stop signal, a shard that needs less is finished
  std::function<bool()> stop_requested = [] { return false; };
};

enum class PackOutcome { kDone, kNothingToDo, kStopped };

/// Carries a plan out: SET appears shard by shard, each by rename, and its manifest last. Running
/// it again goes on where it stopped; the final bytes are those of an unbroken run.
class Packer {
 public:
  /// @param source_name for messages and the plan file
  Packer(const PictureSource& source, std::string source_name, const PackPlan& plan,
         std::string set, PackerOptions options);

  /// @throws DataError listing the bad pictures, after all were looked at; UsageError if SET holds
  /// something else; EnvironmentError, such as for a full disk
  PackOutcome run();
  /// Valid after run() returned kDone.
  const PackReport& report() const noexcept { return report_; }

 private:
  bool is_finished() const;
  void prepare_folder();
  void remove_leftovers(bool everything) const;
  void require_space() const;
  bool source_is_unchanged(const PlannedShard& shard) const;
  ShardResult do_shard(const PlannedShard& shard);
  void gather(std::vector<ShardResult> results);
  void refuse_bad() const;
  void finish(const std::vector<std::vector<DataIndex::Shard>>& shards,
              const std::vector<std::vector<std::uint32_t>>& shard_of);

  const PictureSource* source_;
  std::string source_name_;
  const PackPlan* plan_;
  std::string set_;
  PackerOptions options_;
  PlanFile earlier_;  ///< of the run that is resumed
  std::vector<PackedSplit> splits_;
  PackReport report_;
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>

#include "intr/core/progress.h"
#include "preprocess/pack_plan.h"
#include "preprocess/rank_team.h"

namespace intr {

/// How far all ranks together are, shown by rank 0: files, bytes, rate, time left, bad files.
/// Making and destroying it is collective.
class PackProgress {
 public:
  PackProgress(RankTeam& team, const PackPlan& plan);
  /// What this rank did since the last call. Thread-safe.
  void add(std::int64_t files, std::int64_t bytes, std::int64_t bad = 0);
  /// Waits for the ranks that still work, so that their progress shows. Collective.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void exchange();

  RankTeam* team_;
  Progress shown_;
  std::unique_ptr<WorkCounter> files_, bytes_, bad_, finished_;
  std::mutex mutex_;
  std::int64_t new_files_ = 0, new_bytes_ = 0, new_bad_ = 0;  ///< not told to the others yet
  Clock::time_point exchanged_ = Clock::now();
};

}  // namespace intr

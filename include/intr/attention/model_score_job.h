// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "intr/attention/map_reader.h"
#include "intr/attention/model_score_options.h"
#include "intr/attention/model_score_plan.h"
#include "intr/attention/model_scorer.h"
#include "intr/attention/model_summarizer.h"
#include "intr/comm/communicator.h"
#include "intr/core/exit_code.h"
#include "intr/data/augmentation.h"
#include "intr/data/data_index.h"
#include "intr/data/loader.h"
#include "intr/data/shard_reader.h"
#include "intr/model/intr.h"

namespace intr {

/// Everything that `intr-score model` works with; all of it outlives the job.
struct ModelScoreWork {
  std::string dump;  ///< as the user named it
  const MapReader& reader;
  std::string data;  ///< the packed set, which has the boxes
  const DataIndex& index;
  const ShardReader& shards;
  const Transform& transform;
  const Intr& model;
  at::ScalarType products = at::kFloat;
  at::Device device = at::kCPU;
  Communicator& communicator;
  LoaderMeans loader = {};
  ModelScoreOptions options;
  bool keep_value_maps = false;
  std::function<bool()> stop_requested = {};
};

/// Scores samples of a dump with its model. Ranks share the pieces of the plan; a piece that is in
/// the folder is not computed again. Equal plans give equal pieces for any number of ranks and
/// restarts.
class ModelScoreJob {
 public:
  /// @throws UsageError if an option does not fit the dump, DataError if the model does not
  ModelScoreJob(std::string folder, const ModelScoreWork& work);

  /// What is to be done, for people.
  std::string describe() const;
  const ModelScorePlan& plan() const noexcept { return plan_; }
  /// All forward passes of the plan.
  std::int64_t forward_passes() const;

  /// Collective. @return kDone, or kStopped if a stop was requested and pieces are missing
  /// @throws UsageError if the folder holds results of another plan
  ExitCode run();
  /// All results, once run() is done.
  ModelScoreTable table() const;

 private:
  ModelScorePlan make_plan() const;
  std::int64_t settle_folder() const;
  std::vector<std::int64_t> find_missing() const;
  std::vector<std::int64_t> deal(const std::vector<std::int64_t>& missing) const;
  bool compute(const std::vector<std::int64_t>& pieces);
  ScoredSample known_of(std::int64_t id) const;
  std::int32_t target_of(const DumpSample& sample) const;  ///< -1 = unknown
  std::int64_t passes_of(std::int64_t id) const;
  void report_times() const;

  std::string folder_;
  ModelScoreWork work_;
  std::int64_t layer_;
  std::vector<RandomStage> stages_;  ///< none if they are not measured
  ModelScorePlan plan_;
  std::map<std::int64_t, std::int64_t> row_of_;  ///< of each planned sample in the dump
  std::map<std::int64_t, PictureBox> box_of_;    ///< of samples with one
  std::set<std::int64_t> randomized_;
  ScoreTimes times_;
};

}  // namespace intr

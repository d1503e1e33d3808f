// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <c10/core/Device.h>

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "intr/attention/dump_part.h"
#include "intr/attention/map_extractor.h"
#include "intr/attention/piece_queue.h"
#include "intr/comm/communicator.h"
#include "intr/core/exit_code.h"
#include "intr/core/progress.h"
#include "intr/data/loader.h"
#include "intr/model/intr.h"

namespace intr {

/// What of a model decides a dump. @throws EnvironmentError for several queries per class, whose
/// maps have no single slot
DumpModel dump_model(const ModelConfig& config, const std::string& model_hash,
                     const std::string& precision);

/// The plan of a dump in this folder: the one of the plan.json there, which a resume goes on with
/// (batch and piece size are taken from it), else a new one, put in place before anything else.
/// Collective; every rank returns the same plan.
/// @throws UsageError naming the fields in which the plan there differs
DumpPlan settle_plan(const std::string& folder, const DataIndex& index, const DumpModel& model,
                     DumpOptions options, const Transform& transform, Communicator& communicator);

/// Computes the pieces that are missing from a dump, or from a part of it, whatever ranks and jobs
/// computed the others. Who sees the last piece in place closes the dump with its index. Equal
/// plans give equal files for any number of ranks, parts and restarts, also if a job runs twice at
/// once.
class Dumper {
 public:
  /// Everything that a dump works with; all of it outlives the dumper.
  struct Work {
    const Intr& model;
    const DataIndex& index;
    const ShardReader& reader;
    const Transform& transform;
    Communicator& communicator;
    at::Device device = at::kCPU;
    LoaderMeans loader = {};
    bool verify_existing = false;  ///< check the hashes of pieces that are there already
    DumpPart part = {};            ///< the pieces of this job
    std::function<bool()> stop_requested = {};  ///< asked before every batch
  };

  Dumper(std::string folder, const DumpPlan& plan, const Work& work);

  /// Collective. @return kDone, or kStopped if a stop was requested and pieces are missing
  ExitCode run();

 private:
  std::vector<std::int64_t> find_missing(const std::vector<std::int64_t>& pieces, bool mine) const;
  void start_over(const std::vector<std::int64_t>& missing) const;
  bool compute(const std::vector<std::int64_t>& pieces);
  void close(const nlohmann::ordered_json& run) const;

  std::string folder_;
  const DumpPlan& plan_;
  Work work_;
  MapExtractor extractor_;
};

}  // namespace intr

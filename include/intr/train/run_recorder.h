// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "intr/core/progress.h"
#include "intr/train/checkpoint_store.h"
#include "intr/train/evaluator.h"
#include "intr/train/loader_watch.h"
#include "intr/train/run_directory.h"
#include "intr/train/run_state.h"

namespace intr {

/// Everything that a run writes and says, on the one rank that does so.
class RunRecorder {
 public:
  struct Options {
    std::int64_t log_every = 10;
    std::int64_t epochs = 1;
    std::int64_t samples_per_epoch = 1;
  };
  /// @param identity classes, config, sampler and environment of the run's checkpoints
  RunRecorder(RunDirectory& directory, CheckpointStore& store, Checkpoint identity,
              const Options& options);

  /// A step was done: progress, and a line of metrics every `log_every` steps and at an epoch's
  /// end.
  void step(const StepReport& report);
  /// An epoch is over. @param evaluation null if it was not evaluated
  void epoch(const EpochSums& sums, const Evaluation* evaluation, std::int64_t epoch, double lr,
             std::int64_t num_parameters);
  /// An evaluation is over; state.best_step tells whether it is the best so far.
  void evaluation(const Evaluation& evaluation, const RunState& state, std::int64_t epoch,
                  double seconds);

  /// Snapshots and writes a checkpoint unless this step has one of the same phase.
  /// @param must throw if it cannot be written; otherwise training goes on with a warning
  void save(const TrainingState& tensors, const RunState& state, bool must);
  void stopped(const RunState& state, const char* signal);
  void finished(const RunState& state);

 private:
  RunDirectory& directory_;
  CheckpointStore& store_;
  Checkpoint identity_;
  Options options_;
  std::unique_ptr<Progress> progress_;
  LoaderWatch loader_watch_;
  std::int64_t shown_epoch_ = -1;
  std::int64_t saved_step_ = -1;
  bool saved_pending_ = false;
};

}  // namespace intr

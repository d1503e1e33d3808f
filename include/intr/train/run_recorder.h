// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "intr/core/progress.h"
#include "intr/train/checkpoint_saver.h"
#include "intr/train/evaluator.h"
#include "intr/train/loader_watch.h"
#include "intr/train/phase_clock.h"
#include "intr/train/run_directory.h"
#include "intr/train/run_state.h"
#include "intr/train/save_schedule.h"
#include "intr/train/useful_time.h"

namespace intr {

/// Why a checkpoint is wanted.
enum class SaveReason {
  kInterval,    ///< if it is due; skipped while the last one is being written, unless it is major
  kEvaluation,  ///< the result will be noted on it, so it waits for the last one
  kLeaving,     ///< it must be durable before the run goes on
};

/// Everything that a run writes and says, on the one rank that does so.
class RunRecorder {
 public:
  struct Options {
    std::int64_t log_every = 10;
    std::int64_t epochs = 1;
    std::int64_t samples_per_epoch = 1;
    SaveInterval save{};
    std::int64_t keep_every = 0;  ///< see is_major_epoch
    std::int64_t lr_drop = 0;
    int num_ranks = 1;
    std::function<void(double)> on_saved = [](double) {};  ///< told the seconds of each save
  };
  /// @param identity classes, config, sampler and environment of the run's checkpoints
  /// @param tensors what checkpoints hold; all parts must outlive the recorder
  RunRecorder(RunDirectory& directory, CheckpointStore& store, const TrainingState& tensors,
              Checkpoint identity, const Options& options);

  /// A step was done: progress, and a line of metrics every `log_every` steps and at an epoch's
  /// end.
  void step(const StepReport& report);
  /// An epoch is over. @param evaluation null if it was not evaluated
  void epoch(const EpochSums& sums, const Evaluation* evaluation, std::int64_t epoch, double lr,
             std::int64_t num_parameters);
  /// An evaluation is over; state.best_step tells whether it is the best so far.
  void evaluation(const Evaluation& evaluation, const RunState& state, std::int64_t epoch,
                  double seconds);

  /// Copies the state and lets it be written, unless this step has a checkpoint of the same phase.
  /// If it cannot be written, training goes on with a warning; for kLeaving that is an error.
  void save(const RunState& state, SaveReason reason, bool epoch_ended);
  /// Ranks held different parameters at some time after this step: nobody should go on from there.
  void doubt_saves_beyond(std::int64_t step);
  void stopped(const RunState& state, const char* signal);
  void finished(const RunState& state);

 private:
  /// Of the whole run, and where the time of this start went: for the log and for an event.
  nlohmann::ordered_json times_at_end(const RunState& state) const;
  void save_if_wanted(const RunState& state, SaveReason reason, bool epoch_ended);
  void record_saves();
  void record(const SaveReport& save);

  RunDirectory& directory_;
  CheckpointStore& store_;
  Options options_;
  double first_start_;  ///< of the run, seconds since 1970
  std::unique_ptr<Progress> progress_;
  LoaderWatch loader_watch_;
  PhaseClock phases_;
  std::int64_t shown_epoch_ = -1;
  std::int64_t saved_step_ = -1;
  bool saved_pending_ = false;
  std::int64_t num_skipped_saves_ = 0;
  SaveSchedule schedule_;
  CheckpointSaver saver_;  ///< last: its thread ends first
};

}  // namespace intr

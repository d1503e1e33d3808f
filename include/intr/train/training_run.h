// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "intr/core/exit_code.h"
#include "intr/train/job_supervision.h"
#include "intr/train/run_recorder.h"
#include "intr/train/train_options.h"

namespace intr {

/// A whole run around the trainer: step, record, evaluate, save, stop. Every rank runs it; the
/// recorder is there on rank 0 alone, and nothing that needs other ranks depends on it.
class TrainingRun {
 public:
  /// All parts must outlive the run.
  struct Parts {
    TrainingState& state;
    Trainer& trainer;
    Optimizer& optimizer;
    const Evaluator& evaluator;
    JobSupervision& supervision;
    RunRecorder* recorder;  ///< null on all ranks but one
    std::function<bool()> stop_requested;
    std::function<const char*()> stop_name;  ///< what asked for the stop
  };
  struct Options {
    ScheduleOptions schedule;
    std::int64_t max_steps = 0;  ///< 0 = no limit
    std::int64_t eval_every = 1;
  };
  TrainingRun(Parts parts, const Options& options, const RunState& start);

  /// Collective. @return kDone or, after a stop on request with a checkpoint, kStopped
  /// @throws DivergedError and what its parts throw
  ExitCode run();
  /// Whether nothing is left to do.
  bool finished() const noexcept;
  const RunState& state() const noexcept { return state_; }

 private:
  ExitCode work();
  StepReport step();
  void take_over(const StepReport& report);
  bool evaluation_due(const StepReport& report) const;
  bool evaluate();
  void close_epoch(const Evaluation* evaluation);
  void save(SaveReason reason, bool epoch_ended);
  ExitCode stop();

  Parts parts_;
  Options options_;
  RunState state_;
  double wall_before_ = 0;
  double started_ = 0;
};

}  // namespace intr

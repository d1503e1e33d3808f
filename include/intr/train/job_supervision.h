// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/comm/watchdog.h"
#include "intr/train/attempt.h"
#include "intr/train/divergence.h"
#include "intr/train/fault_injector.h"
#include "intr/train/run_trace.h"
#include "intr/train/straggler_watch.h"
#include "intr/train/train_options.h"
#include "intr/train/trainer.h"

namespace intr {

/// What notices that a job cannot go on, says why and ends it: watchdog, replica guard, straggler
/// report, injected faults, the record of the attempt and the trace. Construct it first, and send
/// messages through its communicator.
class JobSupervision {
 public:
  /// Collective. @param communicator, attempt, trace must outlive this @param stop_signal the
  /// signal that asked for a stop, "" before; asked by another thread
  JobSupervision(const TrainOptions& options, Communicator& communicator, Attempt& attempt,
                 std::function<const char*()> stop_signal, RunTrace& trace);
  JobSupervision(const JobSupervision&) = delete;
  JobSupervision& operator=(const JobSupervision&) = delete;

  Communicator& communicator() noexcept { return communicator_; }
  FaultInjector& faults() noexcept { return faults_; }

  /// All ranks hold the parameters of this step: they have just been sent to them. Collective.
  /// @param restarts of the run so far; injected faults may rest in all attempts but the first
  void start_at(std::int64_t step, std::int64_t restarts);
  /// A section begins. @param step steps done
  void enter(Section section, std::int64_t step);
  /// The next batch of the section begins.
  void beat();
  /// A step begins: the injected faults that are due happen. @param step the first is 1
  void begin_step(std::int64_t step, FlatState& state);
  /// Every `--guard-every` steps the parameters are compared, every 100 the speed. Collective.
  /// @throws ReplicaError on all ranks
  void after_step(const StepReport& report, const FlatState& state);
  /// Adds the samples of all ranks to an error that all ranks met in the same step. Collective.
  [[noreturn]] void explain(const DivergedError& error, const SuspectSamples& suspects);
  /// The last step after which all ranks are known to have held the same parameters.
  std::int64_t agreed_step() const noexcept { return agreed_step_; }
  /// The work is over and everything is on disk: the record is written, before any rank leaves.
  /// Collective. @param reason what asked for a stop, "" if nothing did on this rank
  void leave(ExitCode code, std::int64_t step, const std::string& reason);

 private:
  void compare_speed(std::int64_t step);
  void warn(const WatchedPlace& place) const;
  void end_stalled(const WatchedPlace& place);
  void end_overdue_stop(const WatchedPlace& place);
  void end_without(const PeerError& lost);
  void report_stall(const WatchedPlace& place) const;

  Attempt& attempt_;
  RunTrace& trace_;
  std::function<const char*()> stop_signal_;
  std::int64_t guard_every_;
  std::int64_t agreed_step_ = 0;
  std::vector<std::string> nodes_;  ///< of each rank
  EventLog events_;
  FaultInjector faults_;
  WatchedSections sections_;
  WatchedCommunicator communicator_;
  StragglerWatch stragglers_;
  double compute_s_ = 0;  ///< of this rank since the last comparison
  double images_ = 0;     ///< likewise
  Watchdog watchdog_;     // the last: its thread uses the others
};

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_run.h"

#include <utility>

#include "intr/core/error.h"
#include "intr/core/stopwatch.h"
#include "intr/core/trace.h"
#include "intr/train/replica_guard.h"

namespace intr {
TrainingRun::TrainingRun(Parts parts, const Options& options, const RunState& start)
    : parts_(std::move(parts)), options_(options), state_(start), wall_before_(start.wall_s) {
  parts_.optimizer.set_steps_done(start.optimizer_steps);
  parts_.trainer.restore(start.cursor, start.epoch_sums, start.skips_in_a_row);
}

ExitCode TrainingRun::run() {
  started_ = steady_seconds();
  const ExitCode code = work();
  parts_.supervision.leave(code, state_.cursor.step, parts_.stop_name());
  // A launcher ends the others as soon as one rank leaves with a status: none leaves before rank 0
  // has written everything.
  parts_.supervision.communicator().barrier({.section = "leave", .step = state_.cursor.step});
  return code;
}

ExitCode TrainingRun::work() {
  if (state_.evaluation_pending && !evaluate()) return stop();
  while (!finished()) {
    const StepReport report = step();
    take_over(report);
    if (evaluation_due(report)) {
      state_.evaluation_pending = true;
      save(finished() || report.stop ? SaveReason::kLeaving : SaveReason::kEvaluation,
           report.epoch_ended);
      if (report.stop || !evaluate()) {
        save(SaveReason::kLeaving, report.epoch_ended);
        return stop();
      }
    } else {
      if (report.epoch_ended) close_epoch(nullptr);
      save(report.stop ? SaveReason::kLeaving : SaveReason::kInterval, report.epoch_ended);
      if (report.stop) return stop();
    }
  }
  if (parts_.recorder != nullptr) parts_.recorder->finished(state_);
  return ExitCode::kDone;
}

StepReport TrainingRun::step() {
  try {
    return parts_.trainer.step();
  } catch (const DivergedError& error) {  // on all ranks alike
    parts_.supervision.explain(error, parts_.trainer.suspects());
  }
}

bool TrainingRun::finished() const noexcept {
  return state_.cursor.epoch >= options_.schedule.epochs ||
         (options_.max_steps > 0 && state_.cursor.step >= options_.max_steps);
}

void TrainingRun::take_over(const StepReport& report) {
  state_.cursor = report.after;
  state_.epoch_sums = report.epoch_sums;
  state_.optimizer_steps = parts_.optimizer.steps_done();
  state_.skips_in_a_row = parts_.trainer.skips_in_a_row();
  state_.step_s += report.times.total();
  if (parts_.recorder != nullptr) parts_.recorder->step(report);
  try {
    parts_.supervision.after_step(report, parts_.state.flat());
  } catch (const ReplicaError&) {
    if (parts_.recorder != nullptr)
      parts_.recorder->doubt_saves_beyond(parts_.supervision.agreed_step());
    throw;
  }
}

bool TrainingRun::evaluation_due(const StepReport& report) const {
  if (finished()) return true;
  return report.epoch_ended && options_.eval_every > 0 &&
         state_.cursor.epoch % options_.eval_every == 0;
}

/// @return false if a stop was asked for meanwhile: the evaluation is repeated on resume
bool TrainingRun::evaluate() {
  const trace::Scope scope("evaluation", {"step", state_.cursor.step});
  const double start = steady_seconds();
  parts_.supervision.enter(Section::kEvaluation, state_.cursor.step);
  const auto between_batches = [this] {
    parts_.supervision.beat();
    return parts_.stop_requested();
  };
  const Evaluation evaluation =
      parts_.evaluator.run(parts_.state.model(), parts_.state.device(), between_batches);
  if (evaluation.stopped) return false;
  if (evaluation.acc1() > state_.best_acc1) {
    state_.best_acc1 = evaluation.acc1();
    state_.best_step = state_.cursor.step;
  }
  // Where a change cut an epoch short, nothing was summed up: that epoch has no line.
  const bool at_epoch_end = state_.cursor.next_position == 0 && state_.epoch_sums.samples > 0;
  const std::int64_t epoch = state_.cursor.epoch - (at_epoch_end ? 1 : 0);
  if (at_epoch_end) close_epoch(&evaluation);
  if (parts_.recorder != nullptr)
    parts_.recorder->evaluation(evaluation, state_, epoch, steady_seconds() - start);
  state_.evaluation_pending = false;
  return true;
}

void TrainingRun::close_epoch(const Evaluation* evaluation) {
  if (parts_.recorder == nullptr) return;
  const std::int64_t epoch = state_.cursor.epoch - 1;
  const double lr = learning_rates(options_.schedule, epoch, state_.cursor.step - 1)[0];
  parts_.recorder->epoch(state_.epoch_sums, evaluation, epoch, lr, parts_.state.num_parameters());
}

/// Only the rank with the recorder knows whether a save is due: nothing that is computed depends on
/// it. Where it may wait for a save to be written, the others wait for it.
void TrainingRun::save(SaveReason reason, bool epoch_ended) {
  state_.wall_s = wall_before_ + steady_seconds() - started_;
  if (reason != SaveReason::kInterval || epoch_ended)
    parts_.supervision.enter(Section::kSave, state_.cursor.step);
  if (parts_.recorder != nullptr) parts_.recorder->save(state_, reason, epoch_ended);
}

ExitCode TrainingRun::stop() {
  trace::instant("stop", {"step", state_.cursor.step});
  if (parts_.recorder != nullptr) parts_.recorder->stopped(state_, parts_.stop_name());
  return ExitCode::kStopped;
}

}  // namespace intr

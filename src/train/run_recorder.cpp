// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_recorder.h"

#include <fmt/format.h>

#include <cmath>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/stopwatch.h"
#include "intr/train/metrics.h"

namespace intr {

namespace {

double milliseconds(double seconds) { return std::round(seconds * 1e5) / 100; }

}  // namespace

RunRecorder::RunRecorder(RunDirectory& directory, CheckpointStore& store,
                         const TrainingState& tensors, Checkpoint identity, const Options& options)
    : directory_(directory),
      store_(store),
      options_(options),
      first_start_(directory.first_start()),
      schedule_(options.save, options.num_ranks, steady_seconds()),
      saver_(store, tensors, std::move(identity)) {}

void RunRecorder::step(const StepReport& report) {
  const BetweenSteps before = phases_.step(report.times, steady_seconds());
  record_saves();
  if (shown_epoch_ != report.epoch) {
    shown_epoch_ = report.epoch;
    progress_ =
        std::make_unique<Progress>(fmt::format("epoch {}/{}", report.epoch + 1, options_.epochs),
                                   options_.samples_per_epoch, "images", !log::quiet());
    progress_->advance(report.position - report.samples);
  }
  progress_->advance(report.samples);
  if (report.epoch_ended || report.stop) progress_->finish();
  if (report.after.step % options_.log_every == 0 || report.epoch_ended)
    directory_.append_metrics(step_record(report, before));
  if (const std::string trouble = loader_watch_.add(report); !trouble.empty())
    log::warning("{}", trouble);
  if (report.applied) return;
  log::warning("step {}: loss or gradient is not finite; the update is skipped on all ranks",
               report.after.step);
  directory_.append_event("skip", {{"step", report.after.step}, {"tensor", report.bad_tensor}});
}

void RunRecorder::evaluation(const Evaluation& evaluation, const RunState& state,
                             std::int64_t epoch, double seconds) {
  const std::int64_t step = state.cursor.step;
  const bool best = state.best_step == step;
  phases_.evaluated(seconds);
  directory_.append_metrics(evaluation_record(evaluation, step, epoch, seconds));
  store_.note_evaluation(step, evaluation.acc1(), best);
  log::info("epoch {}/{}: evaluated {} images: top-1 {:.2f} %, top-5 {:.2f} %, loss {:.4f}{}",
            epoch + 1, options_.epochs, evaluation.samples, evaluation.acc1(), evaluation.acc5(),
            evaluation.loss, best ? " (best so far)" : "");
}

void RunRecorder::epoch(const EpochSums& sums, const Evaluation* evaluation, std::int64_t epoch,
                        double lr, std::int64_t num_parameters) {
  const auto record = epoch_record(sums, evaluation, epoch, lr, num_parameters);
  directory_.append_epoch(record);
  log::info("epoch {}/{}: trained on {} images: loss {:.4f}, top-1 {:.2f} %", epoch + 1,
            options_.epochs, sums.samples, record.at("train_loss").get<double>(),
            record.at("train_acc1").get<double>());
}

void RunRecorder::save(const RunState& state, SaveReason reason, bool epoch_ended) {
  Stopwatch watch;
  save_if_wanted(state, reason, epoch_ended);
  phases_.saved(watch.lap());
}

void RunRecorder::save_if_wanted(const RunState& state, SaveReason reason, bool epoch_ended) {
  const bool leaving = reason == SaveReason::kLeaving;
  if (reason == SaveReason::kInterval &&
      !schedule_.due(state.cursor.step, state.cursor.epoch, epoch_ended, steady_seconds()))
    return;
  const bool major =
      epoch_ended && is_major_epoch(state.cursor.epoch, options_.keep_every, options_.lr_drop);
  Stopwatch watch;
  if (reason != SaveReason::kInterval || major) saver_.wait();
  const double waited_s = watch.lap();
  record_saves();
  if (saved_step_ == state.cursor.step && saved_pending_ == state.evaluation_pending) return;
  if (leaving) {
    try {
      record(saver_.save_now(state, major));
    } catch (const EnvironmentError& error) {
      directory_.append_event("save-failed",
                              {{"step", state.cursor.step}, {"message", error.what()}});
      throw;
    }
    log::info("saved {}", store_.path_of(state.cursor.step));
    return;
  }
  const auto copy_s = saver_.start(state, major, waited_s);
  if (!copy_s) {
    ++num_skipped_saves_;
    directory_.append_event("save-skipped",
                            {{"step", state.cursor.step}, {"skipped", num_skipped_saves_}});
    return;
  }
  schedule_.saved(*copy_s, steady_seconds());
}

nlohmann::ordered_json RunRecorder::times_at_end(const RunState& state) const {
  const UsefulTime useful{.step_s = state.step_s, .wall_s = unix_time() - first_start_};
  const double now = steady_seconds();
  log::info("{}", useful.shown());
  if (const std::string shares = phases_.shown(now); !shares.empty())
    log::info("where the time of this start went: {}", shares);
  nlohmann::ordered_json fields = useful.to_json();
  fields["phases_s"] = phases_.seconds(now);
  return fields;
}

void RunRecorder::record_saves() {
  for (const SaveReport& save : saver_.take_reports()) record(save);
}

void RunRecorder::record(const SaveReport& save) {
  if (!save.trouble.empty()) {
    log::warning("no checkpoint of step {}: {}; training goes on", save.step, save.trouble);
    directory_.append_event("save-failed", {{"step", save.step}, {"message", save.trouble}});
    return;
  }
  saved_step_ = save.step;
  saved_pending_ = save.evaluation_pending;
  options_.on_saved(save.seconds);
  directory_.append_event("save", {{"step", save.step},
                                   {"bytes", save.bytes},
                                   {"in_background", save.in_background},
                                   {"stall_ms", milliseconds(save.stall_s)},
                                   {"seconds", save.seconds}});
}

void RunRecorder::doubt_saves_beyond(std::int64_t step) {
  saver_.wait();
  store_.note_suspect_beyond(step);
}

void RunRecorder::stopped(const RunState& state, const char* signal) {
  record_saves();
  nlohmann::ordered_json event = {{"step", state.cursor.step}, {"signal", signal}};
  event.update(times_at_end(state));
  directory_.append_event("stop", event);
  log::info("stopped after step {}; the same command goes on from there", state.cursor.step);
}

void RunRecorder::finished(const RunState& state) {
  saver_.wait();
  record_saves();
  store_.note_final(state.cursor.step);
  nlohmann::ordered_json event = {{"step", state.cursor.step}};
  event.update(times_at_end(state));
  directory_.append_event("done", event);
  directory_.mark_done(state.cursor.step);
}

}  // namespace intr

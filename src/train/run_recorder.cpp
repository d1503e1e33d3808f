// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_recorder.h"

#include <fmt/format.h>

#include <chrono>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/train/metrics.h"

namespace intr {

RunRecorder::RunRecorder(RunDirectory& directory, CheckpointStore& store, Checkpoint identity,
                         const Options& options)
    : directory_(directory), store_(store), identity_(std::move(identity)), options_(options) {}

void RunRecorder::step(const StepReport& report) {
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
    directory_.append_metrics(step_record(report));
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

void RunRecorder::save(const TrainingState& tensors, const RunState& state, bool must) {
  if (saved_step_ == state.cursor.step && saved_pending_ == state.evaluation_pending) return;
  Checkpoint snapshot = identity_;
  state.put_into(snapshot);
  tensors.snapshot(snapshot);
  const auto start = std::chrono::steady_clock::now();
  try {
    const std::string path = store_.save(snapshot);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    saved_step_ = state.cursor.step;
    saved_pending_ = state.evaluation_pending;
    directory_.append_event("save", {{"step", state.cursor.step}, {"seconds", seconds.count()}});
    if (must) log::info("saved {}", path);
  } catch (const EnvironmentError& error) {
    if (must) throw;
    log::warning("no checkpoint of step {}: {}; training goes on", state.cursor.step, error.what());
    directory_.append_event("save-failed",
                            {{"step", state.cursor.step}, {"message", error.what()}});
  }
}

void RunRecorder::stopped(const RunState& state, const char* signal) {
  directory_.append_event("stop", {{"step", state.cursor.step}, {"signal", signal}});
  log::info("stopped after step {}; the same command goes on from there", state.cursor.step);
}

void RunRecorder::finished(const RunState& state) {
  store_.note_final(state.cursor.step);
  directory_.append_event("done", {{"step", state.cursor.step}});
  directory_.mark_done(state.cursor.step);
}

}  // namespace intr

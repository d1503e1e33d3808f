// SPDX-License-Identifier: Apache-2.0
#include "intr/train/checkpoint_saver.h"

#include <filesystem>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/stopwatch.h"
#include "intr/core/thread_name.h"
#include "intr/core/trace.h"

namespace intr {
namespace {

/// How many of the newest stay when a save failed: most likely the disk is full.
constexpr std::int64_t kKeptAfterFailure = 2;

}  // namespace

CheckpointSaver::CheckpointSaver(CheckpointStore& store, const TrainingState& state,
                                 Checkpoint identity)
    : store_(store), identity_(std::move(identity)), snapshot_(state) {
  snapshot_.describe(identity_);
  thread_ = std::jthread([this] { work(); });
}

CheckpointSaver::~CheckpointSaver() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  changed_.notify_all();
}

CheckpointSaver::Job CheckpointSaver::copy_of(const RunState& state, bool major) {
  const trace::Scope scope("copy state", {"step", state.cursor.step});
  Job job{.head = identity_, .major = major, .report = {}};
  state.put_into(job.head);
  snapshot_.take();
  job.report.step = state.cursor.step;
  job.report.evaluation_pending = state.evaluation_pending;
  return job;
}

std::optional<double> CheckpointSaver::start(const RunState& state, bool major, double waited_s) {
  {
    const std::lock_guard lock(mutex_);
    if (job_) return {};  // its copy is still being read
  }
  Stopwatch watch;
  Job job = copy_of(state, major);
  const double copy_s = watch.lap();
  job.report.stall_s = waited_s + copy_s;
  const std::lock_guard lock(mutex_);
  job_ = std::move(job);
  changed_.notify_all();
  return copy_s;
}

SaveReport CheckpointSaver::save_now(const RunState& state, bool major) {
  Stopwatch watch;
  wait();
  Job job = copy_of(state, major);
  job.report.in_background = false;
  write(job);
  job.report.seconds = job.report.stall_s = watch.lap();
  return job.report;
}

void CheckpointSaver::wait() {
  const trace::Scope scope("wait for save");
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !job_; });
}

std::vector<SaveReport> CheckpointSaver::take_reports() {
  const std::lock_guard lock(mutex_);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  return std::exchange(reports_, {});
}

/// Fills the job's report.
void CheckpointSaver::write(Job& job) {
  const trace::Scope scope("save", {"step", job.report.step});
  try {
    job.report.path = store_.save(job.head, snapshot_.values(), job.major);
    std::error_code ignored;
    job.report.bytes = std::filesystem::file_size(job.report.path, ignored);
  } catch (const Error& error) {
    // A folder that somebody removed is bad data by its errno.
    if (error.code() != ExitCode::kEnvironment && error.code() != ExitCode::kBadData) throw;
    job.report.trouble = error.what();
    try {
      store_.make_room(kKeptAfterFailure);
    } catch (const Error& again) {
      log::warning("no room could be made for the next checkpoint: {}", again.what());
    }
    if (!job.report.in_background) throw;
  }
}

void CheckpointSaver::work() {
  name_this_thread("saver");
  while (true) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return job_ || ending_; });
    if (!job_) return;
    lock.unlock();  // the job stays in place: nobody else touches it, and it says "busy"
    Stopwatch watch;
    std::exception_ptr error;
    try {
      write(*job_);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    job_->report.seconds = job_->report.stall_s + watch.lap();
    if (error)
      error_ = error;
    else
      reports_.push_back(std::move(job_->report));
    job_.reset();
    changed_.notify_all();
  }
}

}  // namespace intr

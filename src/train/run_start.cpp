// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_start.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "intr/core/log.h"
#include "intr/train/run_identity.h"
#include "intr/train/useful_time.h"
#include "intr/train/virtual_shards.h"

namespace intr {
namespace {

RunStart start_at(CheckpointStore::Loaded loaded) {
  RunStart start;
  start.state = RunState::of(loaded.checkpoint, loaded.path);
  start.path = std::move(loaded.path);
  start.checkpoint = std::move(loaded.checkpoint);
  ++start.state.restarts;
  return start;
}

/// Whether it goes on from a checkpoint of this run directory, by whatever path that was named.
bool begins_here(const CheckpointStore& store, const RunStart& start) {
  std::error_code missing;
  const std::string ours = store.path_of(start.state.cursor.step);
  return std::filesystem::equivalent(start.path, ours, missing) && !missing;
}

/// Epochs whose line stands in log.txt: the last one's is written after its evaluation.
std::int64_t epochs_logged(const RunState& state) {
  const bool unlogged = state.evaluation_pending && state.cursor.next_position == 0;
  return state.cursor.epoch - (unlogged ? 1 : 0);
}

bool ends_at(const TrainOptions& options, const Cursor& cursor) {
  return cursor.epoch >= options.schedule.epochs ||
         (options.max_steps > 0 && cursor.step >= options.max_steps);
}

/// What changed may have to wait for an epoch of its own.
/// @return whether an epoch ends early
bool go_on_at(const LoaderState& place, RunState& state) {
  const std::int64_t position = place.next_step * place.batch_size;
  if (place.epoch == state.cursor.epoch && position == state.cursor.next_position) return false;
  state.cursor.epoch = place.epoch;
  state.cursor.next_position = position;
  state.epoch_sums = {};
  return true;
}

void record_changes(const std::vector<FieldChange>& changes, RunDirectory& directory) {
  for (const FieldChange& change : changes) {
    log::warning("{} was {}, now it is {}, as --allow-change {} says", change.field,
                 change.there.dump(), change.here.dump(), change.name);
    directory.append_event("change", {{"field", change.field},
                                      {"from", change.there},
                                      {"to", change.here},
                                      {"allowed_by", change.name}});
  }
}

void record_cut(const Cursor& stopped_at, const Cursor& now, RunDirectory& directory) {
  log::warning("because of what changed, epoch {} ends after {} images; epoch {} begins",
               stopped_at.epoch + 1, stopped_at.next_position, now.epoch + 1);
  directory.append_event("epoch-cut",
                         {{"epoch", stopped_at.epoch}, {"samples", stopped_at.next_position}});
}

}  // namespace

std::string RunFiles::prepared_folder(RunDirectory& directory, bool fresh) {
  if (fresh) {
    const std::string moved = move_checkpoints_away(directory.checkpoint_folder());
    directory.set_records_aside();
    directory.unmark_done();
    if (!moved.empty()) log::info("the old checkpoints are in {} now", moved);
  }
  return directory.checkpoint_folder();
}

RunFiles::RunFiles(const TrainOptions& options)
    : directory(options.out, options.take_lock),
      store(prepared_folder(directory, options.fresh), options.keep) {
  store.set_fence([this] { directory.require_lock(); });
}

BucketPlan RunStart::bucket_plan() const {
  BucketPlan plan{checkpoint->plan_parameter, checkpoint->plan_bucket_end};
  const auto trained = [](const CheckpointTensor& tensor) {
    return tensor.kind == TensorKind::kTrainable;
  };
  const auto& tensors = checkpoint->tensors;
  const auto count = std::count_if(tensors.begin(), tensors.end(), trained);
  static_cast<void>(plan.bucket_of(static_cast<std::size_t>(count), path));
  return plan;
}

RunStart load_start(const TrainOptions& options, const CheckpointStore& store) {
  if (options.resume != "auto") {
    RunStart start =
        start_at({.checkpoint = read_checkpoint(options.resume), .path = options.resume});
    // One of another run directory brings its weights, not the time that was spent there.
    if (!begins_here(store, start)) start.state.step_s = start.state.wall_s = 0;
    return start;
  }
  if (auto newest = store.load_newest()) return start_at(std::move(*newest));
  return {};
}

void settle_start(const TrainOptions& options, const Checkpoint& identity, RunFiles& files,
                  RunStart& start) {
  const Cursor stopped_at = start.state.cursor;
  std::vector<FieldChange> changes;
  bool cut = false;
  if (start.checkpoint) {
    Continuation run =
        require_same_run(*start.checkpoint, identity, options.allow_change, start.path);
    changes = std::move(run.changes);
    cut = go_on_at(run.place, start.state);
    for (const std::string& change : changed_options(*start.checkpoint, identity))
      log::info("changed since the checkpoint: {}", change);
    warn_of_other_machine(*start.checkpoint, identity);
  }
  start.state.done = files.directory.done_step() == start.state.cursor.step &&
                     ends_at(options, start.state.cursor);
  if (start.state.done) return;
  files.directory.unmark_done();
  files.store.set_aside_beyond(start.state.cursor.step);
  files.store.adopt_unlisted();
  // MANIFEST may have been lost, or not have come so far.
  if (start.state.best_step >= 0 && begins_here(files.store, start))
    files.store.note_evaluation(start.state.best_step, start.state.best_acc1, true);
  const std::int64_t dropped =
      files.directory.drop_records_beyond({.step = start.state.cursor.step,
                                           .epochs_logged = epochs_logged(start.state),
                                           .repeat_evaluation = start.state.evaluation_pending});
  nlohmann::ordered_json event = {{"step", start.state.cursor.step}, {"dropped_records", dropped}};
  if (options.fresh) event["fresh"] = true;
  if (start.checkpoint) {
    const UsefulTime useful{.step_s = start.state.step_s,
                            .wall_s = unix_time() - files.directory.first_start()};
    event.update(useful.to_json());
    log::info("{}", useful.shown());
  }
  files.directory.append_event(start.checkpoint ? "resume" : "start", event);
  record_changes(changes, files.directory);
  if (cut) record_cut(stopped_at, start.state.cursor, files.directory);
}

}  // namespace intr

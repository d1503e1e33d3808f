// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_state.h"

#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// Visits every field but the cursor: the one list of their names on disk.
template <class State, class Visit>
void for_each_history_field(State& state, const Visit& visit) {
  visit("epoch_loss", state.epoch_sums.loss);
  visit("epoch_hits1", state.epoch_sums.hits1);
  visit("epoch_hits5", state.epoch_sums.hits5);
  visit("epoch_samples", state.epoch_sums.samples);
  visit("best_acc1", state.best_acc1);
  visit("best_step", state.best_step);
  visit("restarts", state.restarts);
  visit("wall_s", state.wall_s);
  visit("step_s", state.step_s);
}

template <class State, class Visit>
void for_each_schedule_field(State& state, const Visit& visit) {
  visit("optimizer_steps", state.optimizer_steps);
  visit("skips_in_a_row", state.skips_in_a_row);
}

template <class State, class Visit>
void for_each_cursor_field(State& state, const Visit& visit) {
  visit("step", state.cursor.step);
  visit("epoch", state.cursor.epoch);
  visit("next_position", state.cursor.next_position);
  visit("evaluation_pending", state.evaluation_pending);
  visit("done", state.done);
}

auto writer(Json& json) {
  return [&json](const char* name, const auto& field) { json[name] = field; };
}

auto reader(const Json& json, const std::string& where) {
  return [&json, &where](const char* name, auto& field) {
    field = json_member<std::remove_reference_t<decltype(field)>>(json, name, where);
  };
}

}  // namespace

Json RunState::to_json() const {
  Json json = Json::object();
  for_each_cursor_field(*this, writer(json));
  for_each_schedule_field(*this, writer(json));
  for_each_history_field(*this, writer(json));
  return json;
}

RunState RunState::from_json(const Json& json, const std::string& where) {
  RunState state;
  for_each_cursor_field(state, reader(json, where));
  for_each_schedule_field(state, reader(json, where));
  for_each_history_field(state, reader(json, where));
  return state;
}

void RunState::put_into(Checkpoint& checkpoint) const {
  checkpoint.step = cursor.step;
  checkpoint.epoch = cursor.epoch;
  checkpoint.next_position = cursor.next_position;
  checkpoint.phase = evaluation_pending ? "eval" : "train";
  checkpoint.sampler["epoch"] = cursor.epoch;
  checkpoint.sampler["next_position"] = cursor.next_position;
  const std::int64_t batch_size = checkpoint.sampler.value("batch_size", std::int64_t{1});
  checkpoint.sampler["next_step"] = cursor.next_position / batch_size;
  checkpoint.schedule = Json::object();
  for_each_schedule_field(*this, writer(checkpoint.schedule));
  checkpoint.history = Json::object();
  for_each_history_field(*this, writer(checkpoint.history));
}

RunState RunState::of(const Checkpoint& checkpoint, const std::string& where) {
  RunState state;
  state.cursor = {.step = checkpoint.step,
                  .epoch = checkpoint.epoch,
                  .next_position = checkpoint.next_position};
  state.evaluation_pending = checkpoint.phase == "eval";
  for_each_schedule_field(state, reader(checkpoint.schedule, where));
  for_each_history_field(state, reader(checkpoint.history, where));
  return state;
}

}  // namespace intr

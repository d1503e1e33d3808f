// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "intr/core/error.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// Calls visit(name, member) for each member, in the order of the file. On disk: never rename.
template <class State, class Visit>
void for_each_member(State& state, const Visit& visit) {
  visit("order", state.order);
  visit("seed", state.seed);
  visit("epoch", state.epoch);
  visit("next_step", state.next_step);
  visit("batch_size", state.batch_size);
  visit("num_samples", state.num_samples);
  visit("dataset_id", state.dataset_id);
  visit("split", state.split);
  visit("last_batch", state.last_batch);
  visit("bucket_window", state.bucket_window);
  visit("transform", state.transform);
  visit("augmentation_version", state.augmentation_version);
}

/// What `--allow-change` calls a change of a member; empty for the place.
std::string change_name(const std::string& member) {
  if (member == "epoch" || member == "next_step") return {};
  if (member == "num_samples" || member == "dataset_id" || member == "split") return "data";
  if (member == "transform" || member == "augmentation_version") return "augmentation";
  std::string flag = member;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

/// Whether a change leaves each position of an epoch with its sample.
bool keeps_positions(const FieldChange& change) {
  return change.name != "order" && change.name != "seed" && change.name != "data";
}

/// Whether the samples before this position are those of the positions before it: inside a window
/// they are sorted by size.
bool ends_window(const LoaderState& state, std::int64_t position) {
  return position % (state.batch_size * state.bucket_window) == 0;
}

std::int64_t steps_per_epoch(const LoaderState& state) {
  const std::int64_t full = state.num_samples / state.batch_size;
  return full + (state.last_batch == "keep" && state.num_samples % state.batch_size > 0 ? 1 : 0);
}

}  // namespace

LoaderState first_state(const DataIndex& index, const LoaderOptions& options) {
  return {.order = options.order.identity(),
          .seed = options.seed,
          .batch_size = options.batch_size,
          .num_samples = index.size(),
          .dataset_id = index.dataset_id(),
          .split = index.split(),
          .last_batch = options.drop_last ? "drop" : "keep",
          .bucket_window = options.bucket_window,
          .transform = options.transform.name(),
          .augmentation_version = kAugmentationVersion};
}

Json to_json(const LoaderState& state) {
  Json json;
  for_each_member(state, [&](const char* name, const auto& member) { json[name] = member; });
  return json;
}

LoaderState loader_state_from_json(const Json& json, const std::string& where) {
  LoaderState state;
  for_each_member(state, [&](const char* name, auto& member) {
    using Member = std::remove_reference_t<decltype(member)>;
    const bool has = json.is_object() && json.contains(name);
    const bool fits =
        has && (std::is_same_v<Member, std::string> ? json.at(name).is_string()
                                                    : json.at(name).is_number_integer());
    if (!fits) {
      throw DataError(fmt::format("'{}' of its place in the data is {}", name,
                                  has ? json.at(name).dump() : "missing"),
                      where, "use another checkpoint");
    }
    member = json.at(name).template get<Member>();
  });
  if (state.epoch < 0 || state.next_step < 0 || state.batch_size < 1 || state.num_samples < 0 ||
      state.bucket_window < 1)
    throw DataError("its place in the data is impossible: " + to_json(state).dump(), where,
                    "use another checkpoint");
  return state;
}

std::vector<FieldChange> changes_between(const LoaderState& saved, const LoaderState& now) {
  const Json there = to_json(saved), here = to_json(now);
  std::vector<FieldChange> changes;
  for (const auto& [name, value] : here.items()) {
    const std::string change = change_name(name);
    if (!change.empty() && there.at(name) != value)
      changes.push_back({.field = name, .there = there.at(name), .here = value, .name = change});
  }
  return changes;
}

LoaderState resume_state(const LoaderState& saved, LoaderState now) {
  now.epoch = saved.epoch;
  now.next_step = saved.next_step;
  const std::vector<FieldChange> changes = changes_between(saved, now);
  if (!changes.empty() && saved.next_step > 0) {
    const std::int64_t position = saved.next_step * saved.batch_size;
    const bool same_samples = std::all_of(changes.begin(), changes.end(), keeps_positions) &&
                              ends_window(saved, position) && ends_window(now, position);
    now.next_step = same_samples ? position / now.batch_size : steps_per_epoch(now);
  }
  if (saved.next_step > 0 &&
      (saved.next_step >= steps_per_epoch(saved) || now.next_step >= steps_per_epoch(now))) {
    ++now.epoch;
    now.next_step = 0;
  }
  return now;
}

}  // namespace intr

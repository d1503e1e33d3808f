// SPDX-License-Identifier: Apache-2.0
#include "intr/data/loader_state.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <type_traits>
#include <vector>

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

bool is_place(const std::string& name) { return name == "epoch" || name == "next_step"; }

/// What cuts an epoch into steps: it may change between epochs.
bool cuts_steps(const std::string& name) {
  return name == "batch_size" || name == "bucket_window" || name == "last_batch";
}

/// "seed is 1 there, 2 here" of each member that differs and that `counts`.
template <class Counts>
std::vector<std::string> differences(const Json& there, const Json& here, const Counts& counts) {
  std::vector<std::string> all;
  for (const auto& [name, value] : here.items()) {
    if (is_place(name) || !counts(name) || there.at(name) == value) continue;
    all.push_back(
        fmt::format("{} is {} there, {} here", name, there.at(name).dump(), value.dump()));
  }
  return all;
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
  if (state.epoch < 0 || state.next_step < 0 || state.batch_size < 1 || state.num_samples < 0)
    throw DataError("its place in the data is impossible: " + to_json(state).dump(), where,
                    "use another checkpoint");
  return state;
}

LoaderState resume_state(const LoaderState& saved, LoaderState now, bool allow_data_change,
                         const std::string& where) {
  now.epoch = saved.epoch;
  now.next_step = saved.next_step;
  if (saved.next_step > 0 && saved.next_step >= steps_per_epoch(saved)) {
    ++now.epoch;
    now.next_step = 0;
  }
  const Json there = to_json(saved), here = to_json(now);
  const bool inside = now.next_step > 0;
  const auto identity =
      differences(there, here, [](const auto& name) { return !cuts_steps(name); });
  const auto cuts = differences(there, here, cuts_steps);
  if (!identity.empty()) {
    if (!allow_data_change) {
      std::vector<std::string> all = identity;
      if (inside) all.insert(all.end(), cuts.begin(), cuts.end());
      throw EnvironmentError(
          fmt::format("the run would see other data: {}", fmt::join(all, "; ")), where,
          "give what it was trained with, or --allow-data-change to go on with the next epoch");
    }
    if (inside) ++now.epoch;
    now.next_step = 0;
  } else if (inside && !cuts.empty()) {
    throw EnvironmentError(
        fmt::format("an epoch cannot change its steps after step {}: {}", now.next_step,
                    fmt::join(cuts, "; ")),
        where,
        "give what it was trained with until the epoch ends, or go on from an epoch's checkpoint");
  }
  return now;
}

}  // namespace intr

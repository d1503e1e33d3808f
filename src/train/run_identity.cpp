// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "intr/core/error.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// Options of "train" that may not change although no other field shows them.
constexpr std::array kFixedOptions = {"freeze", "virtual-shards"};

std::string shown(const Json& object, const std::string& name) {
  return object.is_object() && object.contains(name) ? object.at(name).dump() : "nothing";
}

/// Adds "NAME is X there, Y here" for each member of `here` that differs.
void compare(const std::string& prefix, const Json& there, const Json& here,
             std::vector<std::string>& differences) {
  for (const auto& [name, value] : here.items()) {
    if (shown(there, name) == value.dump()) continue;
    differences.push_back(
        fmt::format("{}{} is {} there, {} here", prefix, name, shown(there, name), value.dump()));
  }
}

Json member(const Json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object.at(name) : Json::object();
}

void require_same_classes(const Checkpoint& saved, const Checkpoint& now,
                          const std::string& where) {
  const std::size_t common = std::min(saved.classes.size(), now.classes.size());
  std::size_t first = 0;
  while (first < common && saved.classes[first] == now.classes[first]) ++first;
  if (first == saved.classes.size() && first == now.classes.size()) return;
  const auto name = [&](const std::vector<std::string>& classes) {
    return first < classes.size() ? fmt::format("'{}'", classes[first]) : "missing";
  };
  throw DataError(
      fmt::format("the checkpoint knows {} classes, the data set has {}; class {} is {} there and "
                  "{} in the data",
                  saved.classes.size(), now.classes.size(), first, name(saved.classes),
                  name(now.classes)),
      where, "give the data set it was trained on with --data, or choose another --out");
}

}  // namespace

void describe_run(Checkpoint& checkpoint, const TrainOptions& options, const Json& values,
                  const DataIndex& train) {
  checkpoint.classes = train.classes();
  Json train_config = values;
  for (const char* path : kPathOptions) train_config.erase(path);
  train_config["freeze"] = options.freeze_choice();
  checkpoint.config = {{"model", to_json(options.model)}, {"train", train_config}};
  checkpoint.sampler = to_json(first_state(train, loader_options(options)));
  checkpoint.sampler["next_position"] = 0;
}

LoaderOptions loader_options(const TrainOptions& options) {
  LoaderOptions loader;
  loader.transform = options.train_transform();
  loader.seed = static_cast<std::uint64_t>(options.seed);
  loader.batch_size = options.batch_size;
  loader.micro_batch = options.micro_batch;
  loader.virtual_shards = options.virtual_shards;
  loader.bucket_window = options.bucket_window_choice();
  loader.drop_last = options.last_batch_choice() == "drop";
  loader.order = OrderKind::parse(options.order);
  loader.slots = options.reading.slots;
  loader.memory = options.reading.memory_bytes();
  return loader;
}

LoaderState require_same_run(const Checkpoint& saved, const Checkpoint& now, bool allow_data_change,
                             const std::string& where) {
  require_same_classes(saved, now, where);
  std::vector<std::string> differences;
  compare("model ", member(saved.config, "model"), now.config.at("model"), differences);
  Json fixed;
  for (const char* name : kFixedOptions) fixed[name] = now.config.at("train").at(name);
  Json there = member(saved.config, "train");
  if (!there.contains("virtual-shards")) there["virtual-shards"] = 0;  // older than the option
  compare("", there, fixed, differences);
  if (!differences.empty()) {
    throw EnvironmentError(
        fmt::format("the checkpoint is of another run: {}", fmt::join(differences, "; ")), where,
        "give the options it was trained with, choose another --out, or start anew with --fresh");
  }
  return resume_state(loader_state_from_json(saved.sampler, where),
                      loader_state_from_json(now.sampler, "the options"), allow_data_change, where);
}

std::vector<std::string> changed_options(const Checkpoint& saved, const Checkpoint& now) {
  std::vector<std::string> changes;
  const Json there = member(saved.config, "train");
  for (const auto& [name, value] : now.config.at("train").items()) {
    if (!there.contains(name) || there.at(name).dump() == value.dump()) continue;
    changes.push_back(fmt::format("{} {} -> {}", name, there.at(name).dump(), value.dump()));
  }
  return changes;
}

}  // namespace intr

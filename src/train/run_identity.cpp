// SPDX-License-Identifier: Apache-2.0
#include "intr/train/run_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "intr/core/error.h"
#include "intr/model/parameter_table.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

/// Options of "train" that may never change although no other field shows them.
constexpr std::array kFixedOptions = {"freeze"};
/// Those that may if they are allowed by their own name, and what a checkpoint older than the
/// option was written with.
Json named_options() { return {{"precision", "fp32"}, {"virtual-shards", 0}}; }

Json member_or_nothing(const Json& object, const std::string& name) {
  return object.is_object() && object.contains(name) ? object.at(name) : Json("nothing");
}

/// Adds a change for each member of `here` that differs.
void compare(const std::string& prefix, const char* change, const Json& there, const Json& here,
             std::vector<FieldChange>& changes) {
  for (const auto& [name, value] : here.items()) {
    const Json before = member_or_nothing(there, name);
    if (before.dump() != value.dump())
      changes.push_back({.field = prefix + name, .there = before, .here = value, .name = change});
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
  throw EnvironmentError(
      fmt::format("the checkpoint knows {} classes, the data set has {}; class {} is {} there and "
                  "{} in the data",
                  saved.classes.size(), now.classes.size(), first, name(saved.classes),
                  name(now.classes)),
      where, "give the data set it was trained with by --data, or choose another --out");
}

/// Weights and moments go over only to a model of the same tensors.
void require_same_tensors(const Checkpoint& saved, const ModelConfig& model,
                          const std::string& where) {
  const std::vector<ParameterRow> rows = parameter_table(model);
  const auto same = [](const ParameterRow& row, const CheckpointTensor& tensor) {
    return row.name == tensor.name && row.shape == tensor.shape;
  };
  const auto differs =
      std::mismatch(rows.begin(), rows.end(), saved.tensors.begin(), saved.tensors.end(), same);
  if (differs.first == rows.end() && differs.second == saved.tensors.end()) return;
  const auto& name = differs.first != rows.end() ? differs.first->name : differs.second->name;
  throw EnvironmentError(
      fmt::format("that change of the model changes its tensors, {} first", name), where,
      "start another run from these weights with --finetune");
}

void require_allowed(const std::vector<FieldChange>& changes,
                     const std::vector<std::string>& allowed, const std::string& where) {
  std::vector<std::string> refused;
  std::set<std::string> names;
  bool never = false;
  for (const FieldChange& change : changes) {
    if (std::find(allowed.begin(), allowed.end(), change.name) != allowed.end()) continue;
    refused.push_back(fmt::format("{} is {} there, {} here", change.field, change.there.dump(),
                                  change.here.dump()));
    if (change.name.empty())
      never = true;
    else
      names.insert("--allow-change " + change.name);
  }
  if (refused.empty()) return;
  throw EnvironmentError(
      fmt::format("the checkpoint is of another run: {}", fmt::join(refused, "; ")), where,
      fmt::format("give the options it was trained with, {}choose another --out, or start anew "
                  "with --fresh",
                  never ? "" : fmt::format("add {}, ", fmt::join(names, " "))));
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

Continuation require_same_run(const Checkpoint& saved, const Checkpoint& now,
                              const std::vector<std::string>& allowed, const std::string& where) {
  require_same_classes(saved, now, where);
  std::vector<FieldChange> changes;
  compare("model ", "model", member(saved.config, "model"), now.config.at("model"), changes);
  const bool same_model = changes.empty();
  Json fixed;
  for (const char* name : kFixedOptions) fixed[name] = now.config.at("train").at(name);
  Json options = member(saved.config, "train");
  compare("", "", options, fixed, changes);
  const Json named = named_options();
  for (const auto& [name, usual] : named.items()) {
    if (!options.contains(name)) options[name] = usual;
    compare("", name.c_str(), options, {{name, now.config.at("train").at(name)}}, changes);
  }
  const LoaderState there = loader_state_from_json(saved.sampler, where);
  const LoaderState here = loader_state_from_json(now.sampler, "the options");
  for (FieldChange& change : changes_between(there, here)) changes.push_back(std::move(change));
  require_allowed(changes, allowed, where);
  if (!same_model)
    require_same_tensors(saved, model_config_from_json(now.config.at("model"), "the options"),
                         where);
  return {.place = resume_state(there, here), .changes = std::move(changes)};
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

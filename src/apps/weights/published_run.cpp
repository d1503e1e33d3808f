// SPDX-License-Identifier: Apache-2.0
#include "published_run.h"

#include <fmt/format.h>

#include "intr/core/error.h"
#include "intr/io/json_file.h"
#include "intr/train/schedule.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

Json text_of(const WeightFile& checkpoint, const char* name) {
  return Json::parse(checkpoint.metadata().at(name), nullptr, false);
}

ScheduleOptions schedule_of(const Json& train, const std::string& where) {
  const auto number = [&](const char* name) { return json_member<double>(train, name, where); };
  const auto count = [&](const char* name) {
    return json_member<std::int64_t>(train, name, where);
  };
  return {.lr_scheduler = json_member<std::string>(train, "lr-scheduler", where),
          .lr = number("lr"),
          .lr_backbone = number("lr-backbone"),
          .min_lr = number("min-lr"),
          .lr_drop = count("lr-drop"),
          .epochs = count("epochs"),
          .warmup_steps = count("warmup-steps")};
}

}  // namespace

PublishedOptimizer published_optimizer(const WeightFile& checkpoint) {
  const std::string& where = checkpoint.path();
  const Json train = json_member<Json>(text_of(checkpoint, "config"), "train", where);
  const ScheduleOptions schedule = schedule_of(train, where);
  const auto epoch = json_member<std::int64_t>(text_of(checkpoint, "sampler"), "epoch", where);
  const auto position =
      json_member<std::int64_t>(text_of(checkpoint, "sampler"), "next_position", where);
  if (epoch < 1)
    throw DataError("no epoch is done yet, and the published script counts in epochs", where,
                    "leave out --with-optimizer, or take a later checkpoint");
  PublishedOptimizer optimizer{
      .initial_lr = {schedule.lr, schedule.lr_backbone},
      .weight_decay = json_member<double>(train, "weight-decay", where),
      .steps = json_member<std::int64_t>(text_of(checkpoint, "schedule"), "optimizer_steps", where),
      .epochs = epoch,
      .cosine = schedule.lr_scheduler == "cosine",
      .lr_drop = schedule.lr_drop,
      .total_epochs = schedule.epochs,
      .min_lr = schedule.min_lr};
  // The published schedule knows no rise: what comes after it is what the script goes on with.
  optimizer.lr = learning_rates(schedule, epoch, schedule.warmup_steps);
  if (position > 0)
    optimizer.notes.push_back(fmt::format(
        "{} pictures of epoch {} were used already: the published script starts it over", position,
        epoch + 1));
  if (train.contains("no-decay") && train.at("no-decay") != "none")
    optimizer.notes.emplace_back(
        "the published script decays norms and biases, too: this run did not");
  if (const Json freeze = train.value("freeze", Json("stem")); freeze != "stem")
    optimizer.notes.push_back(
        fmt::format("this run froze {}, the published script freezes the stem: its --resume will "
                    "refuse these optimizer groups. Next: load the model alone there",
                    freeze == "none" ? "nothing" : "the " + freeze.get<std::string>()));
  return optimizer;
}

}  // namespace intr

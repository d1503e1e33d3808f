// SPDX-License-Identifier: Apache-2.0
#include "plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/train/compute_place.h"
#include "intr/train/training_plan.h"

namespace intr {

bool asks_for_plan(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--plan") != arguments.end();
}

ExitCode plan_run(const std::vector<std::string>& arguments) {
  TrainOptions options;
  PlanOptions asked;
  OptionSet set(
      "intr-train --plan --ranks N [options]",
      "Says what training on N ranks would be like: step time, efficiency, gradient buckets,\n"
      "checkpoints. Options of training count as they would there; nothing is trained.");
  describe(asked, set);
  describe(options, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate_settings(options);
  validate(asked);
  const TrainingPlan plan = plan_training(options, asked);
  if (options.json)
    fmt::print("{}\n", to_json(plan).dump(2));
  else
    fmt::print("{}", to_text(plan));
  return ExitCode::kDone;
}

}  // namespace intr

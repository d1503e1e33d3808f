// SPDX-License-Identifier: Apache-2.0

#include "bench_report.h"
#include "commands.h"
#include "evaluation_rounds.h"
#include "intr/core/option_set.h"
#include "intr/model/reference_math.h"
#include "intr/train/device.h"
#include "model_bench.h"
#include "replayed_batches.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

Json summary_of(const Json& rounds, double batches) {
  Json summary = {
      {"images_s",
       spread_of(rounds, [](const Json& r) { return number(r, "work") / number(r, "seconds"); })},
      {"ms_per_batch",
       spread_of(rounds, [=](const Json& r) { return 1e3 * number(r, "seconds") / batches; })}};
  for (const char* phase : {"data_s", "forward_s", "readback_s"})
    summary["phase_s"][phase] = spread_of(rounds, [=](const Json& r) { return number(r, phase); });
  return summary;
}

}  // namespace

ExitCode bench_eval(const std::vector<std::string>& arguments) {
  ModelBench o;
  OptionSet set(
      "intr-bench eval [options]",
      "Evaluates batches of noise, as intr-eval does it, on one rank, and says what they\n"
      "take. Side by side with another program: scripts/bench/rounds.py.");
  describe_model(o, set);
  describe_rounds(o, set);
  describe_serve(o, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(o);
  const std::vector<BatchShape> shapes = shapes_of(o.batches);
  const ComputePlace place = take_place(o.place);
  set_reference_math(o.reference_math);
  const Intr model = evaluated_model(o, place.device);
  ReplayedBatches batches(shapes, o.classes, 0, 1, pinned_for(place.device));
  Json facts = evaluation_facts(o, batches);
  const std::vector<float> check = check_logits(model, place.device);
  const auto round = [&] { return eval_round(model, batches, place.device); };
  const Json warmup = warm_up(round);
  if (o.serve) {
    Json ready = ready_line(o, check);
    ready.update(facts);
    serve(ready, round);
    return ExitCode::kDone;
  }
  const Json rounds = timed_rounds(o, "eval", round);
  Json summary = summary_of(rounds, static_cast<double>(batches.steps_per_epoch()));
  add_rate(o, shapes, false, place.device, rounds, facts, summary);
  print_summary(facts, summary);
  write_result(o.json, "eval",
               {.options = set.values(),
                .facts = facts,
                .warmup = warmup,
                .rounds = rounds,
                .summary = summary});
  return ExitCode::kDone;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <functional>

#include "bench_report.h"
#include "commands.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/progress.h"
#include "intr/model/precision.h"
#include "intr/model/reference_math.h"
#include "intr/train/bucket_setup.h"
#include "intr/train/compute_place.h"
#include "intr/train/device.h"
#include "model_bench.h"
#include "profiled_round.h"
#include "step_rounds.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
const Tag kTag{.section = "bench"};
constexpr int kWarmUps = 2;

struct StepBench : ModelBench {
  std::int64_t bucket_mb = 0;
  bool compare = false;
  std::string trace;
};

void describe(StepBench& o, OptionSet& set) {
  describe_model(o, set);
  set.add("bucket-mb", o.bucket_mb, "size of gradient buckets, MiB; 0 = what suits the back end");
  describe_rounds(o, set);
  describe_serve(o, set);
  set.add("compare", o.compare,
          "after each round the same steps by model and optimizer alone, and the sums over ranks "
          "alone. times_bare: what the engine adds, times_bare_cpu: in processor time; "
          "exposed_of_sums: the share of the sums that is waited for; added_of_sums: the same with "
          "what they slow the backward pass down");
  set.add(
      "trace", o.trace,
      "JSON file for Perfetto of one more round, under LibTorch's profiler: each operation and, "
      "on a GPU, each kernel, how long it was busy and with what. Of rank 0");
}

void validate(StepBench& o) {
  validate(static_cast<ModelBench&>(o));
  require_range("bucket-mb", o.bucket_mb, 0, 4096);
  if (o.serve && o.compare)
    throw UsageError("a driver leads one kind of round", "--compare", "leave out --serve");
  if (o.serve && !o.trace.empty())
    throw UsageError("a driver's rounds are timed, the profiler would slow them down", "--trace",
                     "leave out --serve");
}

Json facts_of(const StepBench& o, const StepRounds& rounds, const Communicator& communicator) {
  const FlatState& flat = rounds.state().flat();
  return {{"precision", o.precision},
          {"threads", at::get_num_threads()},
          {"ranks", communicator.world_size()},
          {"back_end", communicator.info().back_end},
          {"batches_per_round", rounds.batches().steps_per_epoch()},
          {"pad_fraction", rounds.batches().pad_fraction()},
          {"trainable_values", flat.num_values()},
          {"buckets", flat.buckets().size()}};
}

Json summary_of(const Json& rounds, double steps, bool compare) {
  const auto each = [&rounds](const std::function<double(const Json&)>& value) {
    return spread_of(rounds, value);
  };
  Json summary = {
      {"images_s", each([](const Json& r) { return number(r, "work") / number(r, "seconds"); })},
      {"ms_per_step", each([=](const Json& r) { return 1e3 * number(r, "seconds") / steps; })}};
  for (const char* phase : {"data_s", "forward_s", "backward_s", "exposed_s", "optimizer_s"})
    summary["phase_s"][phase] = each([=](const Json& r) { return number(r, phase); });
  if (!compare) return summary;
  summary["bare_ms_per_step"] =
      each([=](const Json& r) { return 1e3 * number(r, "bare_s") / steps; });
  summary["times_bare"] =
      each([](const Json& r) { return number(r, "seconds") / number(r, "bare_s"); });
  summary["times_bare_cpu"] =
      each([](const Json& r) { return number(r, "cpu_s") / number(r, "bare_cpu_s"); });
  if (number(rounds.front(), "sums_alone_s") <= 0) return summary;
  summary["sums_alone_ms"] = each([](const Json& r) { return 1e3 * number(r, "sums_alone_s"); });
  summary["exposed_of_sums"] = each(
      [=](const Json& r) { return number(r, "exposed_s") / steps / number(r, "sums_alone_s"); });
  summary["added_of_sums"] = each([=](const Json& r) {
    return (number(r, "seconds") - number(r, "bare_s")) / steps / number(r, "sums_alone_s");
  });
  return summary;
}

/// A round of each kind that is asked for.
Json next_round(StepRounds& steps, bool compare, bool trained_first, bool alone) {
  if (!compare) return steps.trained().json();
  StepRound trained, bare;
  if (trained_first) trained = steps.trained();
  bare = steps.bare();
  if (!trained_first) trained = steps.trained();
  Json record = trained.json();
  record["bare_s"] = bare.seconds;
  record["bare_cpu_s"] = bare.cpu_s;
  record["sums_alone_s"] = alone ? 0.0 : steps.sums_alone();
  return record;
}

void measure(const StepBench& o, const Json& options, const std::vector<BatchShape>& dealt,
             Json facts, StepRounds& steps, Communicator& communicator, const StepRound& warmup) {
  Json rounds = Json::array();
  Progress progress("step", o.rounds, "rounds", communicator.rank() == 0);
  for (std::int64_t i = 0; i < o.rounds; ++i) {
    rounds.push_back(next_round(steps, o.compare, i % 2 == 0, communicator.world_size() == 1));
    progress.advance();
  }
  progress.finish();
  Json profile;
  if (!o.trace.empty()) {
    const auto work = [&steps] { static_cast<void>(steps.trained()); };
    if (communicator.rank() == 0)
      profile = profiled(work, steps.state().device(), o.trace);
    else
      work();
  }
  if (communicator.rank() != 0) return;
  Json summary =
      summary_of(rounds, static_cast<double>(steps.batches().steps_per_epoch()), o.compare);
  if (profile.contains("kernels")) {
    const Json rounds_s = spread_of(rounds, [](const Json& r) { return number(r, "seconds"); });
    profile["busy_share"] = number(profile, "gpu_busy_s") / number(rounds_s, "median");
  }
  add_rate(o, dealt, true, steps.state().device(), rounds, facts, summary);
  print_summary(facts, summary);
  if (profile.contains("kernels"))
    fmt::print("  {} kernels, which take {:.1f} % of a round's time\n",
               profile.at("kernels").get<int>(), 100 * number(profile, "busy_share"));
  if (!profile.empty()) facts["profile"] = profile;
  write_result(o.json, "step",
               {.options = options,
                .facts = facts,
                .warmup = warmup.json(),
                .rounds = rounds,
                .summary = summary});
}

/// Rank 0 hears the driver; the others wait for its word without using a processor.
void serve_rounds(StepRounds& steps, const Json& ready, MpiEnvironment& mpi,
                  Communicator& communicator) {
  std::int64_t word = 1;
  const auto told = [&] {
    mpi.idle_barrier();
    communicator.allreduce_now(std::span(&word, 1), Op::min, kTag);
    return word == 1;
  };
  if (communicator.rank() == 0) {
    serve(ready, [&] {
      told();
      return steps.trained().json();
    });
    word = 0;
    told();
  } else {
    while (told()) static_cast<void>(steps.trained());
  }
}

}  // namespace

ExitCode bench_step(const std::vector<std::string>& arguments) {
  StepBench o;
  OptionSet set(
      "[mpirun -n RANKS] intr-bench step [options]",
      "Does training steps over batches of noise, as intr-train does them, and says what they\n"
      "take. Side by side with another program: scripts/bench/rounds.py.");
  describe(o, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(o);
  const std::vector<BatchShape> shapes = shapes_of(o.batches);
  MpiEnvironment mpi;
  const ComputePlace place = take_place(o.place, mpi);
  set_reference_math(o.reference_math);
  const auto communicator =
      make_communicator(back_end_for(o.place.comm, place.device, mpi.world_size()), mpi);
  // Of one size every rank has its own batch; those of a file are dealt out.
  std::vector<BatchShape> dealt = shapes;
  if (o.batches.shapes.empty())
    dealt.insert(dealt.end(), shapes.size() * static_cast<std::size_t>(mpi.world_size() - 1),
                 shapes.front());
  if (dealt.size() < static_cast<std::size_t>(mpi.world_size()))
    throw UsageError(fmt::format("{} batches for {} ranks", dealt.size(), mpi.world_size()),
                     "--shapes", "give at least one batch for each rank");
  // What does not fill a step of all ranks is left out.
  dealt.resize(dealt.size() - dealt.size() % static_cast<std::size_t>(mpi.world_size()));
  BucketPlan plan = settle_bucket_plan(std::nullopt, o.model, {.freeze = "stem"},
                                       {.most_mb = o.bucket_mb}, *communicator);
  StepRounds steps(o.model, std::move(plan), dealt, place.device,
                   take_precision(o.precision, place.device), *communicator);
  const Json facts = facts_of(o, steps, *communicator);
  const std::vector<float> check = check_logits(steps.state().model(), place.device);
  const StepRound warmup = steps.trained();
  for (int i = 1; i < kWarmUps; ++i) static_cast<void>(steps.trained());
  steps.require_equal_ranks();
  if (o.serve) {
    Json ready = ready_line(o, check);
    ready.update(facts);
    serve_rounds(steps, ready, mpi, *communicator);
  } else {
    measure(o, set.values(), dealt, facts, steps, *communicator, warmup);
  }
  return ExitCode::kDone;
}

}  // namespace intr

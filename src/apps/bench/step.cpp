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
#include "intr/io/json_file.h"
#include "intr/model/precision.h"
#include "intr/train/bucket_setup.h"
#include "intr/train/compute_place.h"
#include "intr/train/device.h"
#include "step_rounds.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
const Tag kTag{.section = "bench"};
constexpr int kWarmUps = 2;

struct StepBench {
  ModelConfig model;
  std::int64_t classes = 200;
  ShapeOptions batches;
  PlaceOptions place;
  std::string precision = "fp32";
  std::int64_t bucket_mb = 0;
  bool compare = false;
  std::int64_t rounds = 7;
  bool quick = false;
  bool serve = false;
  std::string json;
};

void describe(StepBench& o, OptionSet& set) {
  set.group("Model").add("classes", o.classes, "classes, each with a query");
  describe(o.model, set);
  describe(o.batches, set);
  describe(o.place, set);
  describe_precision(o.precision, set);
  set.add("bucket-mb", o.bucket_mb, "size of gradient buckets, MiB; 0 = what suits the back end");
  set.group("How")
      .add(
          "compare", o.compare,
          "after each round the same steps by model and optimizer alone, and the sums over ranks "
          "alone. times_bare: what the engine adds; exposed_of_sums: the share of the sums that is "
          "waited for; added_of_sums: the same with what they slow the backward pass down")
      .add("rounds", o.rounds, "rounds that are timed, after two to warm up")
      .add("quick", o.quick, "two rounds")
      .add("serve", o.serve, "take part in rounds that scripts/bench/rounds.py leads")
      .add("json", o.json, "write the result to this file, too");
}

void validate(StepBench& o) {
  require_range("classes", o.classes, 1, 1'000'000);
  require_range("bucket-mb", o.bucket_mb, 0, 4096);
  require_range("rounds", o.rounds, 1, 10'000);
  validate_precision(o.precision);
  if (o.serve && o.compare)
    throw UsageError("a driver leads one kind of round", "--compare", "leave out --serve");
  if (o.quick) o.rounds = 2;
  o.model.num_classes = o.classes;
  o.model.validate();
}

/// One round of each kind.
struct ComparedRound {
  StepRound trained;
  StepRound bare;
  double sums_s = 0;
};

Json facts_of(const StepBench& o, const StepRounds& rounds, const Communicator& communicator) {
  const FlatState& flat = rounds.state().flat();
  return {{"precision", o.precision},
          {"threads", at::get_num_threads()},
          {"ranks", communicator.world_size()},
          {"back_end", communicator.info().back_end},
          {"steps_per_round", rounds.batches().steps_per_epoch()},
          {"pad_fraction", rounds.batches().pad_fraction()},
          {"trainable_values", flat.num_values()},
          {"buckets", flat.buckets().size()}};
}

Json spread_of(const std::vector<ComparedRound>& rounds,
               const std::function<double(const ComparedRound&)>& figure) {
  std::vector<double> values;
  for (const ComparedRound& round : rounds) values.push_back(figure(round));
  return spread(values);
}

Json summary_of(const std::vector<ComparedRound>& rounds, double steps, bool compare) {
  Json summary = {
      {"images_s", spread_of(rounds,
                             [](const ComparedRound& r) {
                               return static_cast<double>(r.trained.images) / r.trained.seconds;
                             })},
      {"ms_per_step",
       spread_of(rounds, [=](const ComparedRound& r) { return 1e3 * r.trained.seconds / steps; })}};
  for (const char* phase : {"data_s", "forward_s", "backward_s", "exposed_s", "optimizer_s"})
    summary["phase_s"][phase] = spread_of(
        rounds, [=](const ComparedRound& r) { return r.trained.json().at(phase).get<double>(); });
  if (!compare) return summary;
  summary["bare_ms_per_step"] =
      spread_of(rounds, [=](const ComparedRound& r) { return 1e3 * r.bare.seconds / steps; });
  summary["times_bare"] =
      spread_of(rounds, [](const ComparedRound& r) { return r.trained.seconds / r.bare.seconds; });
  if (rounds.front().sums_s <= 0) return summary;
  summary["sums_alone_ms"] =
      spread_of(rounds, [](const ComparedRound& r) { return 1e3 * r.sums_s; });
  summary["exposed_of_sums"] = spread_of(
      rounds, [=](const ComparedRound& r) { return r.trained.phases.exposed / steps / r.sums_s; });
  summary["added_of_sums"] = spread_of(rounds, [=](const ComparedRound& r) {
    return (r.trained.seconds - r.bare.seconds) / steps / r.sums_s;
  });
  return summary;
}

void print(const Json& facts, const Json& summary) {
  fmt::print("{} rank(s), {} threads each, {}, {} step(s) a round, {:.1f} % padding\n",
             facts.at("ranks").get<int>(), facts.at("threads").get<int>(),
             facts.at("precision").get<std::string>(), facts.at("steps_per_round").get<int>(),
             100 * facts.at("pad_fraction").get<double>());
  const auto line = [](const std::string& name, const Json& figure) {
    fmt::print("  {:<20}{:.3f}  ({:.3f} to {:.3f})\n", name, figure.at("median").get<double>(),
               figure.at("p10").get<double>(), figure.at("p90").get<double>());
  };
  for (const auto& [name, figure] : summary.items()) {
    if (name != "phase_s") {
      line(name, figure);
      continue;
    }
    for (const auto& [phase, seconds] : figure.items()) line(phase, seconds);
  }
}

ComparedRound next(StepRounds& steps, bool compare, bool trained_first, bool alone) {
  ComparedRound round;
  if (trained_first) round.trained = steps.trained();
  if (compare) round.bare = steps.bare();
  if (!trained_first) round.trained = steps.trained();
  if (compare && !alone) round.sums_s = steps.sums_alone();
  return round;
}

void measure(const StepBench& o, const Json& options, const Json& facts, StepRounds& steps,
             Communicator& communicator, const StepRound& warmup) {
  std::vector<ComparedRound> rounds;
  Progress progress("step", o.rounds, "rounds", communicator.rank() == 0);
  for (std::int64_t i = 0; i < o.rounds; ++i) {
    rounds.push_back(next(steps, o.compare, i % 2 == 0, communicator.world_size() == 1));
    progress.advance();
  }
  progress.finish();
  if (communicator.rank() != 0) return;
  const Json summary =
      summary_of(rounds, static_cast<double>(steps.batches().steps_per_epoch()), o.compare);
  print(facts, summary);
  if (o.json.empty()) return;
  Json records = Json::array();
  for (const ComparedRound& round : rounds) {
    Json record = round.trained.json();
    if (o.compare) record.update({{"bare_s", round.bare.seconds}, {"sums_alone_s", round.sums_s}});
    records.push_back(record);
  }
  write_json(o.json, {{"schema", "intr-bench/1"},
                      {"bench", "step"},
                      {"machine", machine_facts()},
                      {"build", build_facts()},
                      {"options", options},
                      {"facts", facts},
                      {"warmup", warmup.json()},
                      {"rounds", records},
                      {"summary", summary},
                      {"peak_rss_mb", peak_rss_mb()},
                      {"peak_gpu_mb", 0}});
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
  BucketPlan plan = settle_bucket_plan(std::nullopt, o.model, {.freeze = "stem"},
                                       {.most_mb = o.bucket_mb}, *communicator);
  StepRounds steps(o.model, std::move(plan), dealt, place.device,
                   take_precision(o.precision, place.device), *communicator);
  const Json facts = facts_of(o, steps, *communicator);
  const std::vector<float> check = steps.check_logits();
  const StepRound warmup = steps.trained();
  for (int i = 1; i < kWarmUps; ++i) static_cast<void>(steps.trained());
  steps.require_equal_ranks();
  if (o.serve) {
    Json ready = {{"check", check}, {"tolerance", o.precision == "fp32" ? 1e-5 : 0.05}};
    ready.update(facts);
    serve_rounds(steps, ready, mpi, *communicator);
  } else {
    measure(o, set.values(), facts, steps, *communicator, warmup);
  }
  return ExitCode::kDone;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <functional>

#include "bench_report.h"
#include "commands.h"
#include "intr/core/affinity.h"
#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/quantile.h"
#include "intr/core/version.h"
#include "intr/data/loader_memory.h"
#include "intr/io/json_file.h"
#include "loader_rounds.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

struct LoaderBench {
  std::string data;
  std::string split = "val";
  std::string transform = "auto";
  std::string output = "u8";
  std::string order = "shuffle";
  std::int64_t batch_size = 12;
  std::int64_t bucket_window = 50;
  std::int64_t threads = 0;
  std::int64_t slots = 3;
  std::int64_t seed = 42;
  double consumer_ms = 0;
  std::int64_t rounds = 7;
  bool quick = false;
  bool serve = false;
  std::string json;
  std::string shapes;
};

void describe(LoaderBench& o, OptionSet& set) {
  set.group("What is loaded")
      .add("data", o.data, "packed data set")
      .add("split", o.split, "split; one round is one epoch of it")
      .add("transform", o.transform,
           "auto (train for the split train, else val), or val:S, flip:S, train:S. val makes "
           "evaluation batches of one size, the others shuffled and bucketed training batches")
      .add("output", o.output,
           "u8 (bytes, as training takes them), float (also normalized and padded, on a CPU)")
      .add("batch-size", o.batch_size, "pictures of a batch")
      .add("bucket-window", o.bucket_window, "steps sorted by size together; 1 = no sorting")
      .add("order", o.order, "shuffle, window:K or sequential")
      .add("seed", o.seed, "of order and augmentation");
  set.group("How")
      .add("threads", o.threads, "decoding threads; 0 = the cores this process may use")
      .add("slots", o.slots, "batches in memory")
      .add("consumer-ms", o.consumer_ms, "milliseconds that a consumer takes a batch")
      .add("rounds", o.rounds, "rounds that are timed, after one to warm up")
      .add("quick", o.quick, "two rounds")
      .add("serve", o.serve, "take part in rounds that scripts/bench/rounds.py leads")
      .add("json", o.json, "write the result to this file, too")
      .add("shapes", o.shapes,
           "write the padded shapes of an epoch's batches to this file and leave; decodes nothing");
}

void validate(LoaderBench& o) {
  require_given("data", o.data, "SET");
  require_choice("output", o.output, {"u8", "float"});
  require_range("batch-size", o.batch_size, 1, 1'048'576);
  require_range("bucket-window", o.bucket_window, 1, 1'048'576);
  require_range("threads", o.threads, 0, 4096);
  require_range("slots", o.slots, 1, 4096);
  require_range("rounds", o.rounds, 1, 10'000);
  require_range("seed", o.seed, 0, std::int64_t{1} << 62);
  require_range("consumer-ms", o.consumer_ms, 0.0, 1e6);
  if (o.quick) o.rounds = 2;
  if (o.threads == 0) o.threads = available_cores();
  if (o.transform == "auto") o.transform = o.split == "train" ? "train" : "val";
}

LoaderRun run_of(const LoaderBench& o) {
  LoaderRun run;
  run.options.transform = Transform::parse(o.transform);
  run.options.seed = static_cast<std::uint64_t>(o.seed);
  run.options.batch_size = run.options.micro_batch = o.batch_size;
  run.options.bucket_window = o.bucket_window;
  run.options.order = OrderKind::parse(o.order);
  run.options.threads = o.threads;
  run.options.slots = o.slots;
  run.training = run.options.transform.kind != Transform::Kind::kValidation;
  run.options.drop_last = run.training;  // as the published recipe
  run.floats = o.output == "float";
  run.consumer_ms = o.consumer_ms;
  return run;
}

std::vector<double> each(const std::vector<LoaderRound>& rounds,
                         const std::function<double(const LoaderRound&)>& figure) {
  std::vector<double> values;
  for (const LoaderRound& round : rounds) values.push_back(figure(round));
  return values;
}

Json summary_of(const std::vector<LoaderRound>& rounds, const DataIndex& index,
                const LoaderRun& run) {
  Json summary = {{"images_s", spread(each(rounds,
                                           [](const LoaderRound& r) {
                                             return static_cast<double>(r.images) / r.seconds;
                                           }))},
                  {"cpu_s_per_1000_images", median(each(rounds, [](const LoaderRound& r) {
                     return 1e3 * r.cpu_s / static_cast<double>(r.images);
                   }))}};
  for (const char* name : {"first_batch_s", "padded_mpx_per_image", "pad_fraction", "read_s",
                           "decode_s", "resize_s", "pad_s", "wait_share", "read_mb_per_s"})
    summary[name] =
        median(each(rounds, [&](const LoaderRound& r) { return r.json().at(name).get<double>(); }));
  const LoaderNeeds needs = loader_needs(index, run.options.transform, run.options.micro_batch);
  summary["slots_mb"] =
      static_cast<double>(needs.slot) * static_cast<double>(run.options.slots) / (1 << 20);
  summary["resume_ms"] = resume_ms(index, run.options);
  return summary;
}

void print(const Json& summary, const LoaderBench& o) {
  fmt::print("{} of split {}, {} batches of {}, {} threads\n", o.transform, o.split, o.output,
             o.batch_size, o.threads);
  for (const auto& [name, value] : summary.items()) {
    if (value.is_object())
      fmt::print("  {:<24}{:.2f}  ({:.2f} to {:.2f})\n", name, value["median"].get<double>(),
                 value["p10"].get<double>(), value["p90"].get<double>());
    else
      fmt::print("  {:<24}{:.4g}\n", name, value.get<double>());
  }
}

void measure(const LoaderBench& o, const Json& options, const DataIndex& index, LoaderRounds& loads,
             const LoaderRun& run) {
  const LoaderRound warmup = loads.next();
  std::vector<LoaderRound> rounds;
  Json records = Json::array();
  for (std::int64_t i = 0; i < o.rounds; ++i) {
    rounds.push_back(loads.next());
    records.push_back(rounds.back().json());
  }
  const Json summary = summary_of(rounds, index, run);
  print(summary, o);
  if (o.json.empty()) return;
  write_json(o.json, {{"schema", "intr-bench/1"},
                      {"bench", "loader"},
                      {"machine", machine_facts()},
                      {"build", build_facts()},
                      {"options", options},
                      {"warmup", warmup.json()},
                      {"rounds", records},
                      {"summary", summary},
                      {"peak_rss_mb", peak_rss_mb()},
                      {"peak_gpu_mb", 0}});
}

}  // namespace

ExitCode bench_loader(const std::vector<std::string>& arguments) {
  LoaderBench o;
  OptionSet set(
      "intr-bench loader --data SET [options]",
      "Loads a split again and again, as training or evaluation does, and says how fast.\n"
      "Side by side with another program: scripts/bench/rounds.py.");
  describe(o, set);
  if (!set.parse(arguments, base_build_facts())) return ExitCode::kDone;
  validate(o);
  const DataIndex index = DataIndex::open(o.data, o.split);
  const LoaderRun run = run_of(o);
  if (!o.shapes.empty()) {
    write_json(o.shapes, loader_shapes(index, run, 0));
    return ExitCode::kDone;
  }
  const ShardReader reader(index);
  LoaderRounds loads(index, reader, run);
  if (o.serve) {
    loads.next();  // warms up
    serve({{"check", check_pixels(index, reader, run.options.transform.image_size)},
           {"tolerance", 0},
           {"threads", o.threads}},
          [&] { return loads.next().json(); });
  } else {
    measure(o, set.values(), index, loads, run);
  }
  return ExitCode::kDone;
}

}  // namespace intr

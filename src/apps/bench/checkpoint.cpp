// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <filesystem>

#include "bench_report.h"
#include "commands.h"
#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/stopwatch.h"
#include "intr/core/version.h"
#include "intr/io/json_file.h"
#include "intr/model/initialization.h"
#include "intr/train/checkpoint_saver.h"
#include "intr/train/compute_place.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

struct CheckpointBench {
  std::string out;
  ModelConfig model;
  std::int64_t classes = 200;
  std::int64_t rounds = 7;
  std::string json;
};

void describe(CheckpointBench& o, OptionSet& set) {
  set.group("What is saved")
      .add("out", o.out, "new folder for the checkpoints, on the disk that is asked about")
      .add("classes", o.classes, "classes of the model");
  describe(o.model, set);
  set.group("How")
      .add("rounds", o.rounds, "saves that are timed, after one to warm up")
      .add("json", o.json, "write the result to this file, too");
}

Json round_of(CheckpointSaver& saver, std::int64_t step) {
  RunState state;
  state.cursor.step = step;
  saver.start(state, false);
  saver.wait();
  const SaveReport report = saver.take_reports().at(0);
  if (!report.trouble.empty()) throw EnvironmentError(report.trouble);
  Stopwatch watch;
  const Checkpoint loaded = read_checkpoint(report.path);
  return {{"stall_ms", 1e3 * report.stall_s},
          {"save_s", report.seconds},
          {"load_s", watch.lap()},
          {"mb", static_cast<double>(report.bytes) / 1e6}};
}

Json summary_of(const Json& rounds) {
  Json summary;
  for (const char* name : {"stall_ms", "save_s", "load_s", "mb"}) {
    std::vector<double> values;
    for (const Json& round : rounds) values.push_back(round.at(name).get<double>());
    summary[name] = spread(values);
  }
  return summary;
}

}  // namespace

ExitCode bench_checkpoint(const std::vector<std::string>& arguments) {
  CheckpointBench o;
  OptionSet set("intr-bench checkpoint --out FOLDER [options]",
                "Saves the state of a model again and again, as training does, and says how long\n"
                "training stands still and how long it takes until the file is durable.");
  describe(o, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  require_given("out", o.out, "bench");
  require_range("classes", o.classes, 1, 1'000'000);
  require_range("rounds", o.rounds, 1, 10'000);
  if (std::filesystem::exists(o.out))
    throw UsageError(fmt::format("{} exists", o.out), "--out", "name a new folder");
  o.model.num_classes = o.classes;
  o.model.validate();

  TrainingState state(o.model, {}, at::kCPU);
  state.set_tensors(initialize_from_scratch(o.model, 42));
  CheckpointStore store(o.out, 2);
  Checkpoint identity;
  identity.sampler = {{"batch_size", 48}};
  CheckpointSaver saver(store, state, identity);
  const Json warmup = round_of(saver, 0);
  Json rounds = Json::array();
  for (std::int64_t round = 1; round <= o.rounds; ++round) rounds.push_back(round_of(saver, round));
  const Json summary = summary_of(rounds);
  fmt::print("{:.2f} M trainable values\n", static_cast<double>(state.num_parameters()) / 1e6);
  for (const auto& [name, value] : summary.items())
    fmt::print("  {:<12}{:.2f}  ({:.2f} to {:.2f})\n", name, value["median"].get<double>(),
               value["p10"].get<double>(), value["p90"].get<double>());
  if (!o.json.empty())
    write_json(o.json, {{"schema", "intr-bench/1"},
                        {"bench", "checkpoint"},
                        {"machine", machine_facts()},
                        {"build", build_facts()},
                        {"options", set.values()},
                        {"warmup", warmup},
                        {"rounds", rounds},
                        {"summary", summary},
                        {"peak_rss_mb", peak_rss_mb()},
                        {"peak_gpu_mb", 0}});
  return ExitCode::kDone;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "bench_report.h"
#include "comm_overlap.h"
#include "comm_rounds.h"
#include "commands.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/progress.h"
#include "intr/io/json_file.h"
#include "intr/train/bucket_setup.h"
#include "intr/train/compute_place.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
const Tag kTag{.section = "bench"};

struct CommBench {
  std::string largest = "256MiB";
  ModelConfig model;
  std::int64_t classes = 200;
  std::int64_t bucket_mb = 0;
  std::int64_t rounds = 11;
  std::int64_t threads = 0;
  bool quick = false;
  std::string json;
};

void describe(CommBench& o, OptionSet& set) {
  set.group("What is sent")
      .add("largest", o.largest, "largest sum over ranks; sizes are 1 KiB to this in steps of 4")
      .add("classes", o.classes, "classes of the model whose gradient buckets are sent")
      .add("bucket-mb", o.bucket_mb, "size of its buckets, MiB; 0 = what suits MPI");
  describe(o.model, set);
  set.group("How")
      .add("rounds", o.rounds, "sweeps that are timed, after one to warm up")
      .add("threads", o.threads, "compute threads of a rank; 0 = its share of the cores")
      .add("quick", o.quick, "sizes to 1 MiB alone")
      .add("json", o.json,
           "write the result to this file, too: the profile that intr-train --comm-profile reads");
}

void validate(CommBench& o) {
  require_range("classes", o.classes, 1, 1'000'000);
  require_range("bucket-mb", o.bucket_mb, 0, 4096);
  require_range("rounds", o.rounds, 10, 10'000);
  require_range("threads", o.threads, 0, 4096);
  if (o.quick) o.largest = "1MiB";
  const auto largest = static_cast<std::int64_t>(parse_bytes("largest", o.largest));
  if (largest < 4096 || largest > std::int64_t{1} << 30)
    throw UsageError(fmt::format("{} is not in 4KiB to 1GiB", o.largest), "--largest",
                     "give a size in between");
  o.model.num_classes = o.classes;
  o.model.validate();
}

/// Of a picture three by four, on the slowest rank while all compute.
double picture_backward_s(const CommBench& o, Communicator& communicator) {
  const std::int64_t side = o.model.image_size;
  communicator.barrier(kTag);
  double seconds = measure_backward(o.model, {}, {side, side * 4 / 3}, 3);
  communicator.allreduce_now(std::span(&seconds, 1), Op::max, kTag);
  return seconds;
}

/// What all rounds gave, the same on every rank.
struct CommResult {
  std::vector<std::int64_t> buckets;  ///< bytes of each
  CommRound warmup;
  std::vector<CommRound> rounds;
  std::vector<OverlapRound> overlaps;
  std::int64_t work = 0;
  std::vector<CommSize> sizes;
  CommProfile profile;
};

CommResult measure(const CommBench& o, MpiEnvironment& mpi, Communicator& communicator) {
  CommResult result;
  const BucketPlan plan =
      settle_bucket_plan(std::nullopt, o.model, {}, {.most_mb = o.bucket_mb}, communicator);
  result.buckets = bucket_bytes(plan, gradient_tensors(o.model, {}).bytes);
  CommRounds sweeps(mpi, communicator,
                    static_cast<std::int64_t>(parse_bytes("largest", o.largest)));
  sweeps.require_right_sums();
  CommOverlap overlap(communicator, result.buckets);
  Progress progress("comm", o.rounds, "rounds", communicator.rank() == 0);
  result.warmup = sweeps.next();
  for (std::int64_t round = 0; round < o.rounds; ++round) {
    result.rounds.push_back(sweeps.next());
    result.overlaps.push_back(overlap.next());
    progress.advance();
  }
  progress.finish();
  std::int64_t nodes = mpi.local_rank() == 0 ? 1 : 0;
  communicator.allreduce_now(std::span(&nodes, 1), Op::sum, kTag);
  result.work = sweeps.work();
  result.sizes = comm_sizes(sweeps.sizes(), result.rounds);
  result.profile = {.ranks = communicator.world_size(),
                    .nodes = nodes,
                    .fit = fit_of(result.sizes, communicator.world_size()),
                    .picture_backward_s = picture_backward_s(o, communicator)};
  return result;
}

Json json_of(const CommRound& round, std::int64_t work) {
  return {
      {"seconds", round.seconds}, {"work", work}, {"ours_s", round.ours}, {"bare_s", round.bare}};
}

Json overlap_json(const CommResult& result) {
  std::vector<double> compute, communicate, both, ratio;
  for (const OverlapRound& round : result.overlaps) {
    compute.push_back(1e3 * round.compute);
    communicate.push_back(1e3 * round.communicate);
    both.push_back(1e3 * round.both);
    ratio.push_back(round.ratio());
  }
  return {{"ratio", spread(ratio)},
          {"compute_ms", spread(compute)},
          {"communicate_ms", spread(communicate)},
          {"both_ms", spread(both)},
          {"bucket_bytes", result.buckets}};
}

Json summary_of(const CommResult& result) {
  Json summary = to_json(result.profile);
  Json sizes = Json::array();
  for (const CommSize& size : result.sizes)
    sizes.push_back(to_json(size, static_cast<int>(result.profile.ranks)));
  summary["sizes"] = sizes;
  summary["overlap"] = overlap_json(result);
  return summary;
}

std::string middle_of(const Json& figure, int digits) {
  return fmt::format("{:.{}f} ({:.{}f} to {:.{}f})", figure.at("median").get<double>(), digits,
                     figure.at("p10").get<double>(), digits, figure.at("p90").get<double>(),
                     digits);
}

void print(const Json& summary) {
  fmt::print("{} ranks on {} nodes; medians, 10th to 90th percentile\n",
             summary.at("ranks").get<int>(), summary.at("nodes").get<int>());
  fmt::print("  {:>10}  {:<32}{:<32}{:>9}{:>9}  {}\n", "size", "ours, us", "bare MPI call, us",
             "alg GB/s", "bus GB/s", "share of bare");
  for (const Json& size : summary.at("sizes"))
    fmt::print("  {:>10}  {:<32}{:<32}{:>9.3f}{:>9.3f}  {}\n",
               shown_bytes(size.at("bytes").get<std::uint64_t>()),
               middle_of(size.at("latency_us"), 1), middle_of(size.at("bare_latency_us"), 1),
               size.at("algbw_gb_s").get<double>(), size.at("busbw_gb_s").get<double>(),
               middle_of(size.at("share_of_bare"), 2));
  fmt::print("  fit: alpha {:.2f} us, B {:.3f} GB/s, median error {:.1f} %\n",
             summary.at("alpha_us").get<double>(), summary.at("beta_gb_s").get<double>(),
             100 * summary.at("fit_error").get<double>());
  fmt::print("  backward pass over a picture: {:.1f} ms\n",
             summary.at("picture_backward_ms").get<double>());
  const Json& overlap = summary.at("overlap");
  fmt::print("  overlap: products {} ms, {} buckets {} ms, both {} ms: {} of the longer one\n",
             middle_of(overlap.at("compute_ms"), 1), overlap.at("bucket_bytes").size(),
             middle_of(overlap.at("communicate_ms"), 1), middle_of(overlap.at("both_ms"), 1),
             middle_of(overlap.at("ratio"), 2));
}

void report(const CommBench& o, const Json& options, const CommResult& result) {
  const Json summary = summary_of(result);
  print(summary);
  if (o.json.empty()) return;
  Json rounds = Json::array();
  for (const CommRound& round : result.rounds) rounds.push_back(json_of(round, result.work));
  write_json(o.json, {{"schema", "intr-bench/1"},
                      {"bench", "comm"},
                      {"machine", machine_facts()},
                      {"build", build_facts()},
                      {"options", options},
                      {"warmup", json_of(result.warmup, result.work)},
                      {"rounds", rounds},
                      {"summary", summary},
                      {"peak_rss_mb", peak_rss_mb()},
                      {"peak_gpu_mb", 0}});
}

}  // namespace

ExitCode bench_comm(const std::vector<std::string>& arguments) {
  CommBench o;
  OptionSet set(
      "mpirun -n RANKS intr-bench comm [options]",
      "Adds up buffers over ranks, through our communicator and with the bare MPI call in\n"
      "turns, and fits the latency and bandwidth that intr-train --plan models runs with.");
  describe(o, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(o);
  MpiEnvironment mpi;
  if (mpi.world_size() < 2)
    throw EnvironmentError("one rank sends nothing", {}, "start more: mpirun -n 2 intr-bench comm");
  static_cast<void>(take_place({.threads = o.threads, .device = "cpu"}, mpi));
  const auto communicator = make_communicator("mpi", mpi);
  const CommResult result = measure(o, mpi, *communicator);
  if (communicator->rank() == 0) report(o, set.values(), result);
  return ExitCode::kDone;
}

}  // namespace intr

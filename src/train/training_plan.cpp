// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/data/data_index.h"
#include "intr/train/bucket_setup.h"
#include "intr/train/virtual_shards.h"
#include "intr/weights/checkpoint_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kPublishedClasses = 200;  // CUB-200-2011
constexpr double kCopyRate = 10e9;               // bytes a second, of the copy that a save takes
constexpr double kWeek = 7 * 24 * 3600.0;
constexpr double kMillion = 1e6;

const char* name_of(Origin origin) {
  switch (origin) {
    case Origin::kGiven:
      return "given";
    case Origin::kMeasured:
      return "measured";
    case Origin::kModelled:
      return "modelled";
    case Origin::kAssumed:
      return "assumed";
  }
  throw InternalError("an origin that is not in the list");
}

Origin given_or_assumed(bool given) { return given ? Origin::kGiven : Origin::kAssumed; }

/// Adds up a plan in the order in which its parts need each other.
class Planner {
 public:
  Planner(TrainOptions options, const PlanOptions& plan)
      : options_(std::move(options)), asked_(plan) {}

  TrainingPlan make() {
    count_model();
    place_ranks();
    take_step_times();
    cut_gradients();
    predict_step();
    plan_saves();
    return std::move(plan_);
  }

 private:
  void add(const char* name, double value, const char* unit, Origin origin = Origin::kModelled) {
    plan_.figures.push_back({name, value, unit, origin});
  }
  void note(std::string sentence) { plan_.notes.push_back(std::move(sentence)); }

  /// The data decide on the number of classes, and it on the number of values.
  void count_model() {
    const bool known = !options_.data.empty() || options_.num_queries > 0;
    std::int64_t classes = options_.num_queries > 0 ? options_.num_queries : kPublishedClasses;
    if (!options_.data.empty())
      classes = static_cast<std::int64_t>(
          DataIndex::open(options_.data, options_.train_split).classes().size());
    options_.model.num_classes = classes;
    if (!known) note("The number of classes is assumed: give --data or --num-queries.");
    trainable_ = {.freeze = options_.freeze_choice(),
                  .decay_norm_bias = options_.no_decay == "none"};
    tensors_ = gradient_tensors(options_.model, trainable_);
    std::int64_t all = 0;
    for (const ParameterRow& row : parameter_table(options_.model)) all += row.num_values();
    num_trainable_ = tensors_.total_bytes() / 4;
    num_frozen_ = all - num_trainable_;
    add("classes", static_cast<double>(classes), "", given_or_assumed(known));
    add("trainable_values", static_cast<double>(num_trainable_) / kMillion, "M",
        given_or_assumed(known));
  }

  void place_ranks() {
    const std::int64_t per_node =
        std::min(asked_.ranks, asked_.ranks_per_node > 0 ? asked_.ranks_per_node : 8);
    require_legal_ranks(options_.virtual_shards, checked_cast<int>(asked_.ranks));
    const std::string comm = options_.comm_choice(checked_cast<int>(asked_.ranks));
    back_end_ = comm != "auto" ? comm : options_.place.device == "cuda" ? "nccl" : "mpi";
    if (!options_.comm_profile.empty()) profile_ = read_comm_profile(options_.comm_profile);
    known_ = know_cluster(asked_.ranks, per_node, asked_.network, back_end_, profile_);
    const auto link = [&](const char* latency, const char* bandwidth, const Link& value,
                          bool measured) {
      const Origin origin = measured ? Origin::kMeasured : Origin::kAssumed;
      add(latency, 1e6 * value.latency_s, "us", origin);
      add(bandwidth, 1e-9 * value.bytes_per_s, "GB/s", origin);
      if (!measured)
        note(fmt::format(
            "{} is assumed: measure it with intr-bench comm, give --comm-profile.",
            latency == std::string("node_latency") ? "The link within a node" : "The network"));
    };
    add("ranks", static_cast<double>(asked_.ranks), "", Origin::kGiven);
    add("ranks_per_node", static_cast<double>(per_node), "",
        given_or_assumed(asked_.ranks_per_node > 0));
    if (per_node > 1)
      link("node_latency", "node_bandwidth", known_.cluster.node, known_.node_measured);
    if (known_.cluster.nodes() > 1)
      link("network_latency", "network_bandwidth", known_.cluster.network, known_.network_measured);
    if (back_end_ == "fixed") note("--comm fixed is modelled as mpi, which is faster.");
    if (options_.batch_size < asked_.ranks)
      note(
          fmt::format("--batch-size {} is smaller than the number of ranks: intr-train would "
                      "refuse it.",
                      options_.batch_size));
  }

  void take_step_times() {
    const bool step = asked_.step_ms > 0, backward = asked_.backward_ms > 0,
               spread = asked_.spread_ms > 0;
    const bool measured = profile_ && profile_->picture_backward_s > 0;
    times_ = step_times(profile_, options_.pictures_of_rank(asked_.ranks),
                        options_.pictures_of_last_pass(asked_.ranks));
    if (step) {
      const ModelledTimes given = assumed_step(asked_.step_ms / 1e3);
      if (!measured) times_.backward_s = given.backward_s;
      times_.step_s = given.step_s;
      times_.spread_s = given.spread_s;
    }
    if (backward) times_.backward_s = asked_.backward_ms / 1e3;
    if (spread) times_.spread_s = asked_.spread_ms / 1e3;
    if (!step)
      note("The step of one rank is assumed: give --step-ms, from metrics.jsonl of a run.");
    add("rank_step", 1e3 * times_.step_s, "ms", given_or_assumed(step));
    add("rank_backward", 1e3 * times_.backward_s, "ms",
        measured && !backward ? Origin::kMeasured : given_or_assumed(backward));
    add("rank_spread", 1e3 * times_.spread_s, "ms", given_or_assumed(spread));
  }

  void cut_gradients() {
    choice_ = options_.bucket_mb > 0
                  ? weigh_buckets(tensors_, options_.bucket_mb, back_end_, known_.cluster,
                                  times_.backward_s)
                  : choose_buckets(tensors_, back_end_, known_.cluster, times_.backward_s);
    const std::int64_t usual = bucket_sizes(back_end_, options_.bucket_mb << 20).most >> 20;
    if (choice_.most_mb != usual)
      note(
          fmt::format("Buckets of {} MiB leave less exposed than the usual {}: train with "
                      "--bucket-mb {}.",
                      choice_.most_mb, usual, choice_.most_mb));
    plan_.bucket_bytes = choice_.bytes;
    add("gradients", static_cast<double>(tensors_.total_bytes()) / kMillion, "MB",
        plan_.figure("trainable_values").origin);
    add("bucket_cap", static_cast<double>(choice_.most_mb), "MiB",
        options_.bucket_mb > 0 ? Origin::kGiven : Origin::kModelled);
    add("buckets", static_cast<double>(choice_.bytes.size()), "");
    add("messages", static_cast<double>(choice_.messages), "");
  }

  void predict_step() {
    const double late = straggler_seconds(times_.spread_s, asked_.ranks);
    add("communication", 1e3 * choice_.communication_s, "ms");
    add("exposed", 1e3 * choice_.exposed_s, "ms");
    add("waiting_for_slowest", 1e3 * late, "ms");
    add("step", 1e3 * (times_.step_s + choice_.exposed_s + late), "ms");
    add("efficiency",
        weak_scaling_efficiency(times_.step_s, choice_.exposed_s, times_.spread_s, asked_.ranks),
        "");
  }

  void plan_saves() {
    const bool stall = asked_.save_stall_ms > 0;
    const double stall_s =
        stall ? asked_.save_stall_ms / 1e3 : 12 * static_cast<double>(num_trainable_) / kCopyRate;
    const auto file = static_cast<double>(checkpoint_bytes(
        static_cast<std::uint64_t>(num_trainable_), static_cast<std::uint64_t>(num_frozen_)));
    const std::int64_t drop =
        options_.schedule.lr_scheduler == "step" ? options_.schedule.lr_drop : 0;
    std::int64_t major = 0;
    for (std::int64_t epoch = 1; epoch <= options_.schedule.epochs; ++epoch)
      major += is_major_epoch(epoch, options_.keep_every, drop) ? 1 : 0;
    // Beside the newest and the major ones: the best, and 1.2 times one that is being written.
    const double files = static_cast<double>(options_.keep + major) + 1 + 1.2;
    add("failures_a_week", kWeek / seconds_between_failures(asked_.ranks), "");
    add("save_stall", 1e3 * stall_s, "ms", stall ? Origin::kGiven : Origin::kModelled);
    add("save_interval", least_loss_interval(stall_s, asked_.ranks), "s");
    add("checkpoint", file / kMillion, "MB");
    add("disk", files * file / 1e9, "GB");
  }

  TrainOptions options_;
  const PlanOptions& asked_;
  TrainingPlan plan_;
  TrainableOptions trainable_;
  GradientTensors tensors_;
  std::int64_t num_trainable_ = 0;
  std::int64_t num_frozen_ = 0;
  std::string back_end_;
  std::optional<CommProfile> profile_;
  KnownCluster known_;
  ModelledTimes times_;
  BucketChoice choice_;
};

}  // namespace

void describe(PlanOptions& o, OptionSet& set) {
  set.group("Plan")
      .add("plan", o.plan, "plan a run instead of training; needs no launcher")
      .add("ranks", o.ranks, "ranks of the run")
      .add("ranks-per-node", o.ranks_per_node, "of them on a node; 0 = 8, or all if fewer")
      .add("network", o.network,
           "between nodes, where no --comm-profile measured it: 25gbe, 100gbe, hdr")
      .add("step-ms", o.step_ms, "step of one rank with its share of pictures; 0 = assume 300")
      .add("backward-ms", o.backward_ms, "its backward pass; 0 = assume two thirds of the step")
      .add("step-spread-ms", o.spread_ms,
           "standard deviation of steps; 0 = assume a hundredth of one")
      .add("save-stall-ms", o.save_stall_ms,
           "what a save takes from training (intr-bench checkpoint); 0 = model it");
}

void validate(const PlanOptions& o) {
  require_range("ranks", o.ranks, 1, 1'048'576);
  require_range("ranks-per-node", o.ranks_per_node, 0, 1'048'576);
  require_choice("network", o.network, network_names());
  require_range("step-ms", o.step_ms, 0.0, 1e9);
  require_range("backward-ms", o.backward_ms, 0.0, 1e9);
  require_range("step-spread-ms", o.spread_ms, 0.0, 1e9);
  require_range("save-stall-ms", o.save_stall_ms, 0.0, 1e9);
}

const PlanFigure& TrainingPlan::figure(const std::string& name) const {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [&](const PlanFigure& figure) { return figure.name == name; });
  if (found == figures.end()) throw InternalError("no such figure in a plan", name);
  return *found;
}

TrainingPlan plan_training(TrainOptions options, const PlanOptions& plan) {
  return Planner(std::move(options), plan).make();
}

Json to_json(const TrainingPlan& plan) {
  Json figures;
  for (const PlanFigure& figure : plan.figures)
    figures[figure.name] = {
        {"value", figure.value}, {"unit", figure.unit}, {"origin", name_of(figure.origin)}};
  return {{"schema", "intr-plan/1"},
          {"figures", figures},
          {"bucket_bytes", plan.bucket_bytes},
          {"notes", plan.notes}};
}

std::string to_text(const TrainingPlan& plan) {
  std::string text;
  for (const PlanFigure& figure : plan.figures)
    text += fmt::format("  {:<22}{:>10.4g} {:<5} {}\n", figure.name, figure.value, figure.unit,
                        name_of(figure.origin));
  text += "  bucket sizes, MiB    ";
  for (const std::int64_t bytes : plan.bucket_bytes)
    text += fmt::format(" {:.1f}", static_cast<double>(bytes) / (1 << 20));
  text += "\n";
  for (const std::string& sentence : plan.notes) text += "  " + sentence + "\n";
  return text;
}

}  // namespace intr

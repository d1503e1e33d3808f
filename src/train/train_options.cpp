// SPDX-License-Identifier: Apache-2.0
#include "intr/train/train_options.h"

#include <fmt/format.h>

#include "intr/comm/communicator.h"
#include "intr/core/error.h"
#include "intr/data/epoch_order.h"
#include "intr/data/evaluation_plan.h"
#include "intr/model/precision.h"
#include "intr/train/fault_plan.h"
#include "intr/train/run_identity.h"
#include "intr/train/run_trace.h"
#include "intr/train/virtual_shards.h"

namespace intr {
namespace {

constexpr std::int64_t kMany = 1'048'576;

void describe_data(TrainOptions& o, OptionSet& set) {
  set.group("Data")
      .add("data", o.data, "packed data set (intr-pack pack)")
      .add("train-split", o.train_split, "split that is trained on")
      .add("val-split", o.val_split, "split that is evaluated")
      .add("augmentation", o.augmentation,
           "of training pictures: published (flip, random size and crop), flip, none")
      .add("last-batch", o.last_batch,
           "an epoch's last, smaller step: keep, or drop (as published)")
      .add("bucket-window", o.bucket_window,
           "steps whose pictures are sorted by size together, against padding; 1 = no sorting")
      .add("order", o.order,
           "of an epoch: shuffle, window:K (K shards at a time, for slow storage), sequential")
      .add("eval-batching", o.eval_batching,
           "of evaluation: size (one size a batch, exact), reference (padded, as published)")
      .add("parity", o.parity,
           "the published data order: --bucket-window 1 --last-batch drop --eval-batching "
           "reference");
}

void describe_optimization(TrainOptions& o, OptionSet& set) {
  set.group("Optimization")
      .add("batch-size", o.batch_size, "pictures of an optimizer step, over all ranks")
      .add("micro-batch", o.micro_batch,
           "pictures of a rank's forward pass at most; the rest is accumulated")
      .add("virtual-shards", o.virtual_shards,
           "slices of a step, a power of two, that are added in one order: the same bits on any "
           "number of ranks up to as many that is a power of two; 0 = off")
      .add("epochs", o.schedule.epochs, "passes over the training split")
      .add("max-steps", o.max_steps, "ends the run after so many optimizer steps; 0 = no limit")
      .add("lr", o.schedule.lr, "AdamW learning rate outside the backbone")
      .add("lr-backbone", o.schedule.lr_backbone, "of the backbone; 0 freezes it")
      .add("lr-scheduler", o.schedule.lr_scheduler, "step or cosine")
      .add("lr-drop", o.schedule.lr_drop, "step: epochs between drops by 10")
      .add("min-lr", o.schedule.min_lr, "cosine: where the rates end")
      .add("warmup-steps", o.schedule.warmup_steps, "optimizer steps of linear rise")
      .add("weight-decay", o.adamw.weight_decay, "AdamW decay")
      .add("no-decay", o.no_decay, "what is exempt from decay: none, norm-bias")
      .add("clip-max-norm", o.adamw.clip_max_norm, "largest L2 norm of all gradients; 0 = off")
      .add("seed", o.seed, "of everything random");
  describe_precision(o.precision, set);
}

void describe_start(TrainOptions& o, OptionSet& set) {
  set.group("Weights at the start")
      .add("finetune", o.finetune,
           "weight file to start from: DETR or INTR (.pth, .safetensors), a checkpoint, a run")
      .add("query-init", o.query_init,
           "queries from another number of them: tile (with noise beyond), mean, random, match "
           "(by class name)")
      .add("noise-frac", o.noise_frac, "standard deviation of the noise on added queries")
      .add("import-optimizer", o.import_optimizer,
           "take the optimizer's moments of the --finetune file, too")
      .add("backbone-weights", o.backbone_weights,
           "weight file that only the backbone starts from, such as torchvision's ResNet")
      .add("init", o.init,
           "auto (finetune with --finetune, else calibrated), finetune, calibrated (frozen norms "
           "measured on training pictures), plain")
      .add("calibrate-images", o.calibrate_images, "pictures that the norms are measured on")
      .add("freeze", o.freeze,
           "what is not trained: auto (stem where the backbone comes from a file, else none), "
           "none, stem, "
           "backbone")
      .add("num-queries", o.num_queries,
           "if given: must equal the number of classes of the data; 0 = not given");
}

void describe_run(TrainOptions& o, OptionSet& set) {
  set.group("Run")
      .add("out", o.out, "run directory: checkpoints, records, log; made if missing")
      .add("resume", o.resume, "auto (newest good checkpoint of the run directory) or a file")
      .add("allow-change", o.allow_change,
           fmt::format("what may differ from the checkpoint: {}", fmt::join(kChangeNames, ", ")))
      .add("fresh", o.fresh, "start anew; old checkpoints move to checkpoints.old-N")
      .add("take-lock", o.take_lock, "take the run directory from a job that looks alive")
      .add("bucket-mb", o.bucket_mb,
           "size of the messages that gradients travel in, MiB; 0 = what suits --comm")
      .add("comm-profile", o.comm_profile,
           "result of intr-bench comm, a JSON file that chooses that size where it is not given")
      .add("replan", o.replan,
           "cut them anew instead of as the checkpoint says: the last bits may change")
      .add("save-every", o.save_every,
           "checkpoint interval, beside ends of epochs: auto (what loses the least time, 1 to 30 "
           "minutes), 600s, 10m, 500steps; 2epochs saves at the end of each second epoch alone")
      .add("keep", o.keep, "newest checkpoints that stay, beside best and final")
      .add("keep-every", o.keep_every,
           "epochs between checkpoints that stay for good; 0 = where --lr-drop lowers the rate")
      .add("eval-every", o.eval_every, "epochs between evaluations; 0 = only at the end")
      .add("eval-batch-size", o.eval_batch_size, "pictures of a forward pass in evaluation at most")
      .add("log-every", o.log_every, "steps between lines of metrics.jsonl")
      .add("trace", o.trace,
           "JSON file for Perfetto of what every rank did when: phases of steps, messages, saves")
      .add("trace-steps", o.trace_steps,
           "A:B: only from the first to the last of these steps; the run's first is 1")
      .add("quiet", o.quiet, "say only what is wrong")
      .add("json", o.json, "print the result as JSON on standard output");
}

void describe_failures(TrainOptions& o, OptionSet& set) {
  set.group("Failures")
      .add("hang-limit", o.hang_limit,
           "seconds without progress after which the job ends and names the rank that hangs")
      .add("guard-every", o.guard_every,
           "steps between comparisons of the parameters of all ranks; 0 = never")
      .add("inject", o.inject,
           "makes a fault on purpose, KIND[:key=value,...], see docs/failures.md; repeatable");
}

void validate_start(const TrainOptions& o) {
  require_choice("query-init", o.query_init, {"tile", "mean", "random", "match"});
  require_range("noise-frac", o.noise_frac, 0.0, 100.0);
  if (!o.finetune.empty() && !o.backbone_weights.empty())
    throw UsageError("--finetune brings a backbone with it", "--backbone-weights",
                     "give one of the two");
  if (o.init_choice() == "finetune" && o.finetune.empty())
    throw UsageError("finetune needs a file", "--init", "add --finetune FILE");
  if (o.init_choice() != "finetune" && !o.finetune.empty())
    throw UsageError(fmt::format("'{}' starts from nothing, --finetune from a file", o.init),
                     "--init", "leave one of the two out");
  if (o.import_optimizer && o.finetune.empty())
    throw UsageError("there is no file to take it from", "--import-optimizer",
                     "add --finetune FILE");
}

void validate_optimization(const TrainOptions& o) {
  validate_precision(o.precision);
  require_range("bucket-mb", o.bucket_mb, 0, 4096);
  require_range("batch-size", o.batch_size, 1, kMany);
  require_range("micro-batch", o.micro_batch, 1, kMany);
  require_range("epochs", o.schedule.epochs, 1, kMany);
  require_range("max-steps", o.max_steps, 0, std::int64_t{1} << 40);
  require_range("lr", o.schedule.lr, 0.0, 100.0);
  require_range("lr-backbone", o.schedule.lr_backbone, 0.0, 100.0);
  require_range("lr-drop", o.schedule.lr_drop, 1, kMany);
  require_range("min-lr", o.schedule.min_lr, 0.0, 100.0);
  require_range("warmup-steps", o.schedule.warmup_steps, 0, std::int64_t{1} << 40);
  require_range("weight-decay", o.adamw.weight_decay, 0.0, 100.0);
  require_range("clip-max-norm", o.adamw.clip_max_norm, 0.0, 1e30);
  require_range("seed", o.seed, 0, std::int64_t{1} << 62);
  require_choice("no-decay", o.no_decay, {"none", "norm-bias"});
  require_choice("lr-scheduler", o.schedule.lr_scheduler, {"step", "cosine"});
  const bool backbone_trains = o.freeze_choice() != "backbone";
  if (o.schedule.lr_scheduler == "cosine" &&
      (o.schedule.min_lr > o.schedule.lr ||
       (backbone_trains && o.schedule.min_lr > o.schedule.lr_backbone)))
    throw UsageError(
        fmt::format("{} is above a learning rate, so cosine would rise to it", o.schedule.min_lr),
        "--min-lr", "give a --min-lr of at most --lr and --lr-backbone");
}

}  // namespace

void describe(PlaceOptions& place, OptionSet& options) {
  options.group("Machine")
      .add("threads", place.threads, "compute threads of a rank; 0 = its share of the cores")
      .add("loader-threads", place.loader_threads,
           "decoding threads of a rank; 0 = a sixteenth of its cores, at least 1")
      .add("device", place.device, "auto, cpu, cuda")
      .add("comm", place.comm,
           "messages between ranks: auto, self, mpi, fixed (adds in one order, the same bits in "
           "every run), nccl, host (GPU memory over MPI: several ranks on a GPU)")
      .add("comm-core", place.comm_core,
           "a core of a rank is for its messages alone: on, off, auto (from 4 cores of its own)")
      .add(
          "deterministic", place.deterministic,
          "on a GPU: only kernels that give the same bits in every run; off: a resumed run is near "
          "an unbroken one, no longer equal. CPUs always do");
}

void validate(const PlaceOptions& place) {
  require_range("threads", place.threads, 0, 4096);
  require_range("loader-threads", place.loader_threads, 0, 4096);
  require_choice("device", place.device, {"auto", "cpu", "cuda"});
  require_choice("comm", place.comm, back_end_names());
  require_choice("comm-core", place.comm_core, {"auto", "on", "off"});
}

Transform TrainOptions::train_transform() const {
  const Transform::Kind kind = augmentation == "published" ? Transform::Kind::kTrain
                               : augmentation == "flip"    ? Transform::Kind::kFlip
                                                           : Transform::Kind::kValidation;
  return {.kind = kind, .image_size = model.image_size};
}

Transform TrainOptions::val_transform() const {
  return {.kind = Transform::Kind::kValidation, .image_size = model.image_size};
}

std::string TrainOptions::freeze_choice() const {
  if (schedule.lr_backbone == 0) return "backbone";
  if (freeze != "auto") return freeze;
  return finetune.empty() && backbone_weights.empty() ? "none" : "stem";
}

std::string TrainOptions::comm_choice(int world_size) const {
  const bool must_order = virtual_shards > 0 && world_size > 1;
  return must_order && place.comm == "auto" ? "fixed" : place.comm;
}

std::string TrainOptions::init_choice() const {
  if (init != "auto") return init;
  return finetune.empty() ? "calibrated" : "finetune";
}

std::int64_t TrainOptions::pictures_of_rank(std::int64_t ranks) const {
  return (batch_size + ranks - 1) / ranks;
}

std::int64_t TrainOptions::pictures_of_last_pass(std::int64_t ranks) const {
  return (pictures_of_rank(std::max(ranks, virtual_shards)) - 1) % micro_batch + 1;
}

void describe(TrainOptions& options, OptionSet& set) {
  describe_data(options, set);
  describe(options.reading, set);
  describe(options.model, set);
  describe_start(options, set);
  describe_optimization(options, set);
  describe_run(options, set);
  describe_failures(options, set);
  describe(options.place, set);
}

void validate(TrainOptions& options) {
  require_given("data", options.data, "--data birds");
  require_given("out", options.out, "--out run");
  validate_settings(options);
}

void validate_settings(TrainOptions& options) {
  if (options.schedule.lr_scheduler == "StepLR") options.schedule.lr_scheduler = "step";
  if (options.schedule.lr_scheduler == "CosineAnnealingLR")
    options.schedule.lr_scheduler = "cosine";
  require_given("resume", options.resume, "--resume auto");
  require_choice("augmentation", options.augmentation, {"published", "flip", "none"});
  require_choice("last-batch", options.last_batch, {"keep", "drop"});
  static_cast<void>(OrderKind::parse(options.order));
  static_cast<void>(parse_evaluation_batching(options.eval_batching));
  validate(options.reading);
  require_choice("init", options.init, {"auto", "finetune", "calibrated", "plain"});
  require_choice("freeze", options.freeze, {"auto", "none", "stem", "backbone"});
  require_range("bucket-window", options.bucket_window, 1, kMany);
  require_range("calibrate-images", options.calibrate_images, 1, kMany);
  require_range("num-queries", options.num_queries, 0, kMany);
  require_range("keep", options.keep, 1, kMany);
  require_range("keep-every", options.keep_every, 0, kMany);
  require_range("eval-every", options.eval_every, 0, kMany);
  require_range("eval-batch-size", options.eval_batch_size, 1, kMany);
  require_range("hang-limit", options.hang_limit, 1, 86'400);
  require_range("guard-every", options.guard_every, 0, kMany);
  static_cast<void>(parse_faults(options.inject));
  require_range("log-every", options.log_every, 1, kMany);
  static_cast<void>(TraceSteps::parse(options.trace_steps));
  if (options.trace.empty() && !options.trace_steps.empty())
    throw UsageError("there is no trace to bound", "--trace-steps", "add --trace FILE");
  static_cast<void>(SaveInterval::parse(options.save_every));
  for (const std::string& name : options.allow_change)
    require_choice("allow-change", name, {kChangeNames.begin(), kChangeNames.end()});
  if (options.fresh && options.resume != "auto")
    throw UsageError("--fresh starts anew, --resume goes on", "--resume", "give one of the two");
  validate_start(options);
  options.model.validate();
  validate_optimization(options);
  validate(options.place);
  validate_virtual_shards(options);
}

}  // namespace intr

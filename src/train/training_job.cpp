// SPDX-License-Identifier: Apache-2.0
#include "intr/train/training_job.h"

#include <fmt/format.h>
#include <torch/torch.h>
#include <torch/version.h>

#include <memory>
#include <optional>

#include "intr/comm/gradient_reducer.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/byte_size.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/version.h"
#include "intr/io/json_file.h"
#include "intr/model/precision.h"
#include "intr/train/bucket_setup.h"
#include "intr/train/device.h"
#include "intr/train/evaluator.h"
#include "intr/train/job_supervision.h"
#include "intr/train/run_identity.h"
#include "intr/train/run_opening.h"
#include "intr/train/run_trace.h"
#include "intr/train/save_faults.h"
#include "intr/train/split_data.h"
#include "intr/train/stop_reasons.h"
#include "intr/train/training_run.h"
#include "intr/train/virtual_shards.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
const Tag kTag{.section = "start"};

/// Both splits.
struct Data {
  SplitData train_split;
  SplitData val_split;
  const DataIndex& train = train_split.index();
  const DataIndex& val = val_split.index();

  Data(const TrainOptions& options, const ComputePlace& place, Communicator& communicator)
      : train_split(options.data, options.train_split, options.reading, place, communicator),
        val_split(options.data, options.val_split, options.reading, place, communicator) {}
  Data(const Data&) = delete;
  Data& operator=(const Data&) = delete;
};

void require_fit(const TrainOptions& options, const Data& data, int world_size) {
  const auto classes = static_cast<std::int64_t>(data.train.classes().size());
  if (options.num_queries != 0 && options.num_queries != classes)
    throw UsageError(
        fmt::format("{}, but {} has {} classes", options.num_queries, options.data, classes),
        "--num-queries", "leave it out: the data decides");
  if (data.train.size() == 0 || data.val.size() == 0)
    throw DataError(fmt::format("split '{}' has {} samples, '{}' has {}", options.train_split,
                                data.train.size(), options.val_split, data.val.size()),
                    options.data, "pack a set with samples in both");
  if (data.train.size() < world_size)
    throw EnvironmentError(fmt::format("split '{}' has {} samples, fewer than the {} ranks",
                                       options.train_split, data.train.size(), world_size),
                           options.data, fmt::format("start at most {} ranks", data.train.size()));
  if (options.batch_size < world_size)
    throw EnvironmentError(fmt::format("{} pictures a step are fewer than the {} ranks",
                                       options.batch_size, world_size),
                           "--batch-size",
                           fmt::format("start at most {} ranks, or raise it", options.batch_size));
}

Json environment_facts(const ComputePlace& place, const Communicator& communicator) {
  return {{"program", version()},
          {"libtorch", TORCH_VERSION},
          {"mpi", MpiEnvironment::library_version()},
          {"hdf5", H5_VERS_INFO},
          {"back_end", communicator.info().back_end},
          {"ranks", communicator.world_size()},
          {"threads", place.threads},
          {"isa", at::get_cpu_capability()}};
}

/// What all ranks must share, compared before anything is computed.
void agree_on_run(const Json& values, const DataIndex& train, Communicator& communicator) {
  communicator.agree("the program version", xxh3_64(version() + " " + TORCH_VERSION), kTag);
  communicator.agree("the configuration", xxh3_64(values.dump()), kTag);
  communicator.agree("the data set", xxh3_64(train.dataset_id()), kTag);
}

/// Every option with its value, those of the model as they were decided.
Json with_model(Json values, const ModelConfig& model) {
  const Json fields = to_json(model);
  for (const auto& [name, value] : fields.items())
    if (values.contains(flag_of(name))) values[flag_of(name)] = value;
  return values;
}

/// One line of the start-up table.
void say(const char* name, const std::string& text) { log::info("  {:<14}{}", name, text); }

void show_start(const TrainOptions& options, const Data& data, const TrainingState& state,
                const ComputePlace& place, const Communicator& communicator,
                std::int64_t steps_per_epoch) {
  const WorldInfo& world = communicator.info();
  log::info("intr-train {}", version());
  say("data", fmt::format("{}: {} training, {} validation images, {} classes", options.data,
                          data.train.size(), data.val.size(), data.train.classes().size()));
  say("model", fmt::format("{}, {} + {} layers, width {}, {} heads, {:.2f} M trainable parameters",
                           options.model.backbone, options.model.enc_layers,
                           options.model.dec_layers, options.model.hidden_dim, options.model.nheads,
                           static_cast<double>(state.num_parameters()) / 1e6));
  say("frozen", options.freeze_choice());
  say("pictures", fmt::format("{} in training, {} in evaluation", options.train_transform().name(),
                              options.val_transform().name()));
  say("ranks",
      fmt::format("{} ({}), {} compute and {} decoding threads each, {}", world.world_size,
                  world.back_end, place.threads, place.loader_threads, place.device.str()));
  say("buckets", fmt::format("{} of gradients, {} in all", state.flat().buckets().size(),
                             shown_bytes(static_cast<std::uint64_t>(state.flat().grad().numel()) *
                                         sizeof(float))));
  say("precision", options.precision);
  say("batch", fmt::format("{} images a step, at most {} in a forward pass{}", options.batch_size,
                           options.micro_batch, shown_shards(options.virtual_shards)));
  say("epochs", fmt::format("{} of {} steps", options.schedule.epochs, steps_per_epoch));
  say("run", options.out);
}

LoaderOptions placed_loader(const TrainOptions& options, const ComputePlace& place,
                            const Communicator& communicator) {
  LoaderOptions loader = loader_options(options);
  loader.rank = communicator.rank();
  loader.world_size = communicator.world_size();
  loader.threads = place.loader_threads;
  loader.hook = pinned_for(place.device);
  return loader;
}

/// Fills the tensors on rank 0, sends them to all, and tells all where the run starts.
RunState start_everywhere(const TrainOptions& options, const Data& data, RunOpening* opening,
                          TrainingState& state, Communicator& communicator) {
  if (opening != nullptr) opening->fill(options, data.train, data.train_split.reader(), state);
  state.broadcast(communicator);
  const RunState start = opening != nullptr ? opening->start.state : RunState{};
  const std::string text = communicator.broadcast_text(start.to_json().dump(), 0, kTag);
  return RunState::from_json(Json::parse(text), "the message of rank 0");
}

TrainableOptions trainable_options(const TrainOptions& options) {
  return {.freeze = options.freeze_choice(), .decay_norm_bias = options.no_decay == "none"};
}

BucketWish bucket_wish(const TrainOptions& options, std::int64_t ranks) {
  return {.most_mb = options.bucket_mb,
          .profile = options.comm_profile,
          .pictures = options.pictures_of_rank(ranks),
          .last_pass = options.pictures_of_last_pass(ranks)};
}

RunRecorder::Options recorder_options(const TrainOptions& options, const Data& data,
                                      const Communicator& communicator, StopReasons& reasons) {
  const bool drops = options.schedule.lr_scheduler == "step";
  return {.log_every = options.log_every,
          .epochs = options.schedule.epochs,
          .samples_per_epoch = data.train.size(),
          .save = SaveInterval::parse(options.save_every),
          .keep_every = options.keep_every,
          .lr_drop = drops ? options.schedule.lr_drop : 0,
          .num_ranks = communicator.world_size(),
          .on_saved = [&reasons](double seconds) { reasons.saw_save(seconds); }};
}

TrainingRun::Options run_options(const TrainOptions& options) {
  return {.schedule = options.schedule,
          .max_steps = options.max_steps,
          .eval_every = options.eval_every};
}

Json run_config(const TrainOptions& options, const Json& values, const Checkpoint& identity) {
  Json others = values;
  for (const char* path : kPathOptions) others.erase(path);
  return {{"program", identity.environment.at("program")},
          {"options", others},
          {"model", identity.config.at("model")},
          {"data", identity.sampler},
          {"environment", identity.environment},
          {"paths",
           {{"data", options.data},
            {"out", options.out},
            {"resume", options.resume},
            {"finetune", options.finetune},
            {"backbone-weights", options.backbone_weights},
            {"comm-profile", options.comm_profile},
            {"trace", options.trace}}}};
}

/// The end line, and the result as JSON where asked for.
void show_end(const TrainOptions& options, const RunFiles& files, const RunState& state,
              ExitCode code) {
  const bool done = code == ExitCode::kDone;
  if (done && state.best_step >= 0) {
    log::info("best top-1 {:.2f} % after step {}: {}", state.best_acc1, state.best_step,
              files.store.path_of(state.best_step));
    log::info(
        "next: intr-eval --data {0} --model {1}   or   intr-attend --data {0} --model {1} "
        "--out dump",
        options.data, options.out);
  }
  if (!options.json) return;
  const Json result = {{"status", done ? "done" : "stopped"}, {"step", state.cursor.step},
                       {"epoch", state.cursor.epoch},         {"best_acc1", state.best_acc1},
                       {"best_step", state.best_step},        {"restarts", state.restarts}};
  fmt::print("{}\n", result.dump(2));
}

/// Of training pictures. A killed process never returns from asking.
ReadFault read_fault(FaultInjector& faults, std::int64_t sample_id) {
  const auto action = faults.at_read(sample_id);
  if (!action) return ReadFault::kNone;
  return *action == FaultAction::kFlip ? ReadFault::kDamage : ReadFault::kIoError;
}

/// What a rank computes with, in the order of construction.
struct Machinery {
  TrainLoader loader;
  GradientReducer reducer;
  Optimizer optimizer;
  Trainer trainer;
  Evaluator evaluator;

  Machinery(const TrainOptions& options, const Data& data, const ComputePlace& place,
            TrainingState& state, JobSupervision& supervision, const StopSource& stop)
      : loader(data.train, data.train_split.reader(),
               placed_loader(options, place, supervision.communicator())),
        reducer(state.flat(), supervision.communicator(),
                shards_of_rank(options.virtual_shards, supervision.communicator().world_size())),
        optimizer(state.flat(), options.adamw),
        trainer({state, loader, reducer, optimizer, stop.requested,
                 [&supervision, &state](std::int64_t step) {
                   supervision.begin_step(step, state.flat());
                 }},
                {.schedule = options.schedule,
                 .seed = static_cast<std::uint64_t>(options.seed),
                 .batch_size = options.batch_size}),
        evaluator(data.val, data.val_split.reader(), supervision.communicator(),
                  {.transform = options.val_transform(),
                   .batch_size = options.eval_batch_size,
                   .batching = parse_evaluation_batching(options.eval_batching_choice()),
                   .loader = options.reading.means(place.loader_threads),
                   .progress = supervision.communicator().rank() == 0 && !options.quiet}) {}
};

}  // namespace

ExitCode run_training_job(TrainOptions options, const GivenOptions& given,
                          const ComputePlace& place, Communicator& unwatched, Attempt& attempt,
                          const StopSource& signals) {
  RunTrace trace(options.trace, options.trace_steps);
  JobSupervision supervision(options, unwatched, attempt, signals.name, trace);
  Communicator& communicator = supervision.communicator();
  require_legal_ranks(options.virtual_shards, communicator.world_size());
  agree_on_place(place, communicator);
  StopReasons reasons(signals, communicator.rank() == 0 ? options.out : "");
  const StopSource stop = reasons.source();
  Data data(options, place, communicator);
  require_fit(options, data, communicator.world_size());
  options.model.num_classes = static_cast<std::int64_t>(data.train.classes().size());
  agree_on_run(given.values, data.train, communicator);

  if (supervision.faults().watches_reads())
    data.train_split.set_faults(
        [&supervision](std::int64_t id) { return read_fault(supervision.faults(), id); });
  supervision.enter(Section::kLoad, -1);
  std::unique_ptr<RunOpening> opening;
  if (communicator.rank() == 0) {
    opening = std::make_unique<RunOpening>(options, given, data.train.classes());
    options.model = opening->model(options, given);
  }
  options.model = model_config_from_json(
      Json::parse(communicator.broadcast_text(to_json(options.model).dump(), 0, kTag)),
      "the message of rank 0");
  const Json values = with_model(given.values, options.model);
  Checkpoint identity;
  describe_run(identity, options, values, data.train);
  identity.environment = environment_facts(place, communicator);
  if (opening) opening->record(options, identity, run_config(options, values, identity));

  const bool keeps_plan = opening && opening->start.checkpoint && !options.replan;
  const TrainableOptions trainable = trainable_options(options);
  TrainingState state(
      options.model, trainable, place.device,
      settle_bucket_plan(keeps_plan ? std::optional(opening->start.bucket_plan()) : std::nullopt,
                         options.model, trainable, bucket_wish(options, communicator.world_size()),
                         communicator),
      take_precision(options.precision, place.device));
  const RunState begin = start_everywhere(options, data, opening.get(), state, communicator);
  supervision.start_at(begin.cursor.step, begin.restarts);
  if (begin.done) {
    log::info("{} is finished already; raise --epochs to go on, or start anew with --fresh",
              options.out);
    if (opening) show_end(options, opening->files, begin, ExitCode::kDone);
    return ExitCode::kDone;
  }

  Machinery with(options, data, place, state, supervision, stop);
  std::optional<RunRecorder> recorder;
  if (opening) {
    opening->files.store.on_stage(save_faults(supervision.faults(), opening->files.store.folder()));
    recorder.emplace(opening->files.directory, opening->files.store, state, identity,
                     recorder_options(options, data, communicator, reasons));
  }
  TrainingRun run({state, with.trainer, with.optimizer, with.evaluator, supervision,
                   recorder ? &*recorder : nullptr, stop.requested, stop.name},
                  run_options(options), begin);
  show_start(options, data, state, place, communicator, with.loader.steps_per_epoch());
  const ExitCode code = run.run();
  data.train_split.finish();
  data.val_split.finish();
  if (opening) show_end(options, opening->files, run.state(), code);
  return code;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <optional>

#include "commands.h"
#include "intr/attention/dump_origin.h"
#include "intr/attention/model_csv.h"
#include "intr/attention/model_folder.h"
#include "intr/attention/model_json.h"
#include "intr/attention/model_score_job.h"
#include "intr/attention/model_text.h"
#include "intr/attention/model_warnings.h"
#include "intr/attention/report_folder.h"
#include "intr/attention/signed_maps.h"
#include "intr/attention/value_maps.h"
#include "intr/comm/mpi_environment.h"
#include "intr/core/error.h"
#include "intr/core/log.h"
#include "intr/core/progress.h"
#include "intr/core/stop_signal.h"
#include "intr/model/weight_binding.h"
#include "intr/train/compute_place.h"
#include "intr/train/device.h"
#include "intr/train/split_data.h"

namespace intr {
namespace {

/// Everything that `intr-score model` takes.
struct ModelOptions {
  std::vector<std::string> dump;
  std::string model, data, out, gallery, write_maps;
  ModelScoreOptions score;
  ModelRequest request;
  ReadingOptions reading;
  PlaceOptions place;
  bool dry_run = false, json = false, quiet = false;
};

void describe(ModelOptions& o, OptionSet& set) {
  set.positional("DUMP", o.dump, 1, 1, "folder, index.h5 or merged file of intr-attend");
  set.group("Input and output")
      .add("model", o.model, "weight file or run directory that the dump was made from")
      .add("data", o.data, "packed data set that the dump was made from")
      .add("out", o.out,
           "folder for report.html, plots, model.json and tables; that of intr-score maps makes "
           "one report of both. The same command again resumes")
      .add("gallery", o.gallery,
           "index.html of intr-render gallery, as seen from --out, or its web address; the report "
           "links to it")
      .add("write-maps", o.write_maps,
           "file of maps (.h5) of what each place adds to the class, signed: intr-render overlays "
           "draws it; needs values among --measures");
  describe(o.score, set);
  set.group("Running")
      .add("dry-run", o.dry_run,
           "print how many forward passes it takes, and leave; writes nothing")
      .add("json", o.json, "print model.json instead of the table")
      .add("quiet", o.quiet, "no table and no progress, only warnings and errors");
  describe_untold(o.request.options, set);
  o.request.given = [&set](const std::string& flag) { return set.given(flag); };
  describe(o.reading, set);
  describe(o.place, set);
}

void validate(const ModelOptions& o) {
  require_given("model", o.model, "CKPT");
  require_given("data", o.data, "SET");
  require_given("out", o.out, "DIR");
  validate(o.score);
  if (!o.write_maps.empty() && !o.score.wants("values"))
    throw UsageError("needs what only values gives", "--write-maps", "add values to --measures");
  validate(o.reading);
  validate(o.place);
}

/// Reads what all ranks found out, and writes tables and report. On rank 0.
/// @return false if a stop was requested
bool write_results(const ModelOptions& o, const ModelScoreJob& job, const MapReader& reader,
                   ModelFolder& folder, const ComputePlace& place, const StopSignal& stop) {
  const ModelScoreTable table = job.table();
  Progress progress("bootstrap", o.score.replicates, "replicates");
  const ModelSummary summary = summarize_model(
      table, place.threads, [&](std::int64_t count) { progress.advance(count); },
      [&] { return stop.requested(); });
  progress.finish();
  if (stop.requested()) return false;
  if (!o.write_maps.empty() && !write_value_maps(o.write_maps, table, reader, job.plan().run_id))
    log::warning("{}: no sample has a target, so there is no map to write", o.write_maps);
  const std::string json = model_json(summary, job.plan().options).dump(2) + "\n";
  folder.write(
      {.samples_csv = model_samples_csv(table),
       .heads_csv = o.score.wants("heads") ? model_heads_csv(table) : "",
       .curves_csv = o.score.wants("curves") ? curves_csv(summary) : "",
       .randomization_csv = o.score.wants("randomization") ? randomization_csv(summary) : "",
       .json = json},
      summary, found_page(o.out, o.gallery, "intr-render gallery"));
  for (const std::string& warning : model_warnings(summary)) log::warning("{}", warning);
  if (o.json)
    fmt::print("{}", json);
  else if (!o.quiet)
    fmt::print("{}", model_text(summary));
  log::info("{} samples scored; the tables are in {}", table.samples.size(), o.out);
  return true;
}

ExitCode run_job(const ModelOptions& o, ModelScoreJob& job, const MapReader& reader,
                 const ComputePlace& place, const StopSignal& stop, Communicator& communicator) {
  const bool first_rank = communicator.rank() == 0;
  std::optional<ModelFolder> folder;
  if (first_rank) {  // what is refused here is known before anything is computed
    folder.emplace(o.out);
    if (!o.write_maps.empty()) require_place_for_maps(o.write_maps);
  }
  const ExitCode code = job.run();
  if (code != ExitCode::kDone) return code;
  std::int64_t stopped = 0;
  if (first_rank && !write_results(o, job, reader, *folder, place, stop)) stopped = 1;
  communicator.allreduce_now({&stopped, 1}, Op::max, {.section = "score summary"});
  return stopped == 0 ? ExitCode::kDone : ExitCode::kStopped;
}

ExitCode score(const ModelOptions& o, const StopSignal& stop, MpiEnvironment& mpi) {
  const ComputePlace place = take_place(o.place, mpi);
  const MapReader reader = MapReader::open(o.dump[0]);
  require_attention(reader.facts(), o.dump[0], "give the dump that these maps were made from");
  const at::ScalarType products = take_precision_of(reader.facts(), place.device);
  const auto communicator =
      make_communicator(back_end_for(o.place.comm, place.device, mpi.world_size()), mpi);
  ReadingOptions reading = o.reading;
  if (o.dry_run) reading.stage.clear();  // nothing will be read
  SplitData data(o.data, reader.facts().split, reading, place, *communicator);
  LoadedModel loaded = load_model(o.model, o.request);
  settle_classes(loaded, data.index().classes(), o.data);
  const Transform transform{Transform::Kind::kValidation, loaded.config.image_size};
  require_same_origin(reader.facts(), loaded.model_hash, data.index(), transform, o.dump[0]);
  for (auto& [name, tensor] : loaded.tensors) tensor = tensor.to(place.device);
  const Intr model(loaded.config, loaded.tensors, products);
  ModelScoreJob job(o.out + "/model", {.dump = o.dump[0],
                                       .reader = reader,
                                       .data = o.data,
                                       .index = data.index(),
                                       .shards = data.reader(),
                                       .transform = transform,
                                       .model = model,
                                       .products = products,
                                       .device = place.device,
                                       .communicator = *communicator,
                                       .loader = reading.means(place.loader_threads),
                                       .options = o.score,
                                       .keep_value_maps = !o.write_maps.empty(),
                                       .stop_requested = [&stop] { return stop.requested(); }});
  if (mpi.rank() == 0) {
    if (o.dry_run)
      fmt::print("{}\n", job.describe());
    else
      log::info("{}", job.describe());
  }
  if (o.dry_run) return ExitCode::kDone;
  const ExitCode code = run_job(o, job, reader, place, stop, *communicator);
  data.finish();
  return code;
}

}  // namespace

ExitCode score_model(const std::vector<std::string>& arguments) {
  ModelOptions options;
  OptionSet set(
      "intr-score model DUMP --model CKPT --data SET --out DIR [options]",
      "Runs the network again, in the dump's precision, to see whether attention shows what "
      "decides. Started by mpirun or srun, ranks share the work. Results are the same on any "
      "number of ranks, and of a run that was stopped and resumed.");
  describe(options, set);
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(options);
  log::set_quiet(options.quiet);
  return with_device_errors([&] {
    const StopSignal stop;  // before MPI and every other thread: they inherit its mask
    MpiEnvironment mpi;
    return score(options, stop, mpi);
  });
}

std::string score_build_facts() { return train_build_facts(); }

void end_all_ranks(int status) { MpiEnvironment::abort(status); }

}  // namespace intr

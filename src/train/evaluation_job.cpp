// SPDX-License-Identifier: Apache-2.0
#include "intr/train/evaluation_job.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <cmath>

#include "intr/core/csv.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"
#include "intr/model/precision.h"
#include "intr/model/reference_math.h"
#include "intr/model/weight_binding.h"
#include "intr/train/split_data.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
const Tag kTag{.section = "start"};

/// Five digits behind the point: enough for a reader, and the same for any number of threads.
double rounded(double value) { return std::round(value * 1e5) / 1e5; }

Json percent_interval(std::int64_t hits, std::int64_t samples) {
  const Interval interval = wilson_interval(hits, samples);
  return {rounded(100 * interval.low), rounded(100 * interval.high)};
}

const std::string& name_of(const EvaluationFacts& facts, std::int64_t number) {
  return facts.classes.at(static_cast<std::size_t>(number));
}

/// The model on this rank's device. The Intr object holds references to the tensors.
Intr make_model(LoadedModel& loaded, at::Device device, at::ScalarType products) {
  for (auto& [name, tensor] : loaded.tensors) tensor = tensor.to(device);
  return {loaded.config, loaded.tensors, products};
}

void show(const Evaluation& evaluation, const EvaluationFacts& facts) {
  const Interval top1 = wilson_interval(evaluation.hits1, evaluation.samples);
  log::info("top-1 {:.2f} % ({} of {}; 95 % interval {:.2f} to {:.2f}), top-5 {:.2f} %",
            evaluation.acc1(), evaluation.hits1, evaluation.samples, 100 * top1.low,
            100 * top1.high, evaluation.acc5());
  log::info("loss {:.4f}, calibration error {:.4f}, Brier score {:.4f}, mean margin {:.4f}",
            evaluation.loss, calibration_error(evaluation.scores), evaluation.brier,
            evaluation.margin);
  for (const Confusion& pair : confusions(evaluation.scores, 5))
    log::info("  {} times {} for {}", pair.count, name_of(facts, pair.predicted),
              name_of(facts, pair.label));
}

void write_results(const EvaluationOptions& options, const Evaluation& evaluation,
                   const EvaluationFacts& facts, const DataIndex& index) {
  const Json json = evaluation_json(evaluation, facts, options.pairs);
  show(evaluation, facts);
  if (!options.csv.empty()) write_file(options.csv, evaluation_csv(evaluation, facts, index));
  if (!options.out.empty()) write_json(options.out, json);
  if (options.json) fmt::print("{}\n", json.dump(2));
}

}  // namespace

void describe(EvaluationOptions& options, OptionSet& set) {
  set.group("What")
      .add("model", options.model,
           "weight file (.pth, .safetensors, checkpoint) or run directory (its best checkpoint)")
      .add("data", options.data, "packed data set")
      .add("split", options.split, "split that is evaluated")
      .add("batch-size", options.batch_size, "pictures of a forward pass at most")
      .add("eval-batching", options.batching,
           "size (one size a batch, exact), reference (consecutive and padded, as published)");
  describe_precision(options.precision, set);
  describe_reference_math(options.reference_math, set);
  set.group("Results")
      .add("json", options.json, "print the result as JSON on standard output")
      .add("out", options.out, "write the JSON to this file, too")
      .add("csv", options.csv, "write one line a sample to this file")
      .add("pairs", options.pairs, "most frequent confusions in the JSON")
      .add("quiet", options.quiet, "say only what is wrong");
  describe_untold(options.request.options, set);
  options.request.given = [&set](const std::string& flag) { return set.given(flag); };
  describe(options.reading, set);
  describe(options.place, set);
}

void validate(const EvaluationOptions& options) {
  require_given("model", options.model, "--model run");
  require_given("data", options.data, "--data birds");
  require_range("batch-size", options.batch_size, 1, 1'048'576);
  require_range("pairs", options.pairs, 0, 1'048'576);
  static_cast<void>(parse_evaluation_batching(options.batching));
  validate_precision(options.precision);
  validate(options.reading);
  validate(options.place);
}

Json evaluation_json(const Evaluation& evaluation, const EvaluationFacts& facts,
                     std::int64_t pairs) {
  Json confused = Json::array();
  for (const Confusion& pair : confusions(evaluation.scores, pairs))
    confused.push_back({{"true", name_of(facts, pair.label)},
                        {"predicted", name_of(facts, pair.predicted)},
                        {"count", pair.count}});
  const std::int64_t samples = evaluation.samples;
  return {{"model_hash", facts.model_hash},
          {"step", facts.step},
          {"dataset_id", facts.dataset_id},
          {"split", facts.split},
          {"transform", facts.transform},
          {"precision", facts.precision},
          {"batch_size", facts.batch_size},
          {"hits1", evaluation.hits1},
          {"hits5", evaluation.hits5},
          {"samples", samples},
          {"acc1", rounded(evaluation.acc1())},
          {"acc1_interval", percent_interval(evaluation.hits1, samples)},
          {"acc5", rounded(evaluation.acc5())},
          {"acc5_interval", percent_interval(evaluation.hits5, samples)},
          {"loss", rounded(evaluation.loss)},
          {"ece", rounded(calibration_error(evaluation.scores))},
          {"brier", rounded(evaluation.brier)},
          {"margin", rounded(evaluation.margin)},
          {"confusions", confused}};
}

std::string evaluation_csv(const Evaluation& evaluation, const EvaluationFacts& facts,
                           const DataIndex& index) {
  std::string text = "sample_id,path,true,predicted,rank,loss,confidence,margin\n";
  for (const SampleScore& score : evaluation.scores) {
    text += fmt::format("{},{},{},{},{},{:.5f},{:.5f},{:.5f}\n", score.sample_id,
                        csv_field(index.path(index.find(score.sample_id))),
                        csv_field(name_of(facts, score.label)),
                        csv_field(name_of(facts, score.predicted)), score.rank, score.loss,
                        score.confidence, score.margin);
  }
  return text;
}

ExitCode run_evaluation_job(const EvaluationOptions& options, const ComputePlace& place,
                            Communicator& communicator,
                            const std::function<bool()>& stop_requested) {
  set_reference_math(options.reference_math);
  SplitData data(options.data, options.split, options.reading, place, communicator);
  const DataIndex& index = data.index();
  LoadedModel loaded = load_model(options.model, options.request);
  settle_classes(loaded, index.classes(), options.data);
  communicator.agree("the model", xxh3_64(loaded.model_hash), kTag);
  communicator.agree("the data set", xxh3_64(index.dataset_id()), kTag);

  const Transform transform{.kind = Transform::Kind::kValidation,
                            .image_size = loaded.config.image_size};
  log::info("evaluating {} on {} images of {}, {} ranks with {} threads", loaded.path, index.size(),
            options.data, communicator.world_size(), place.threads);
  const Intr model =
      make_model(loaded, place.device, take_precision(options.precision, place.device));
  const Evaluator evaluator(index, data.reader(), communicator,
                            {.transform = transform,
                             .batch_size = options.batch_size,
                             .batching = parse_evaluation_batching(options.batching),
                             .loader = options.reading.means(place.loader_threads),
                             .progress = communicator.rank() == 0 && !options.quiet});
  const Evaluation evaluation = evaluator.run(model, place.device, stop_requested);
  if (!evaluation.stopped && communicator.rank() == 0) {
    write_results(options, evaluation,
                  {.model_hash = loaded.model_hash,
                   .dataset_id = index.dataset_id(),
                   .split = options.split,
                   .transform = transform.name(),
                   .precision = options.precision,
                   .step = loaded.step,
                   .batch_size = options.batch_size,
                   .classes = loaded.classes},
                  index);
  }
  data.finish();
  communicator.barrier({.section = "leave"});
  return evaluation.stopped ? ExitCode::kStopped : ExitCode::kDone;
}

}  // namespace intr

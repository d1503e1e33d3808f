// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <torch/torch.h>

#include <filesystem>
#include <numeric>

#include "bench_report.h"
#include "commands.h"
#include "evaluation_rounds.h"
#include "intr/attention/map_extractor.h"
#include "intr/attention/piece_queue.h"
#include "intr/core/error.h"
#include "intr/core/option_set.h"
#include "intr/core/stopwatch.h"
#include "intr/data/network_input.h"
#include "intr/io/atomic_file.h"
#include "intr/model/reference_math.h"
#include "intr/train/device.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::int64_t kPieceSamples = 96;  // of the test set of CUB-200-2011: a 64th

/// What intr-attend stores unless it is told otherwise: the last layer, all heads, the true class
/// and the five best others.
DumpFacts default_facts(const ModelConfig& config, const QuerySelection& queries) {
  DumpFacts facts;
  facts.content_id = facts.plan_id = facts.model_hash = facts.dataset_id = std::string(32, '0');
  facts.split = "noise";
  facts.precision = "fp32";
  facts.batching = "bucket";
  facts.queries = queries.text();
  facts.class_count = config.num_classes;
  facts.head_total = config.nheads;
  facts.layer_total = config.dec_layers;
  facts.stride = config.stride();
  facts.layers = {static_cast<std::int32_t>(config.dec_layers - 1)};
  facts.heads.resize(static_cast<std::size_t>(config.nheads));
  std::iota(facts.heads.begin(), facts.heads.end(), 0);
  facts.num_queries = queries.num_slots();
  return facts;
}

std::vector<std::string> numbered_classes(std::int64_t count) {
  std::vector<std::string> classes;
  for (std::int64_t i = 0; i < count; ++i) classes.push_back(std::to_string(i));
  return classes;
}

/// Dumps all batches into a folder, over and over.
class DumpRounds {
 public:
  DumpRounds(const Intr& model, ReplayedBatches& batches, at::Device device, std::string folder)
      : model_(model),
        batches_(batches),
        device_(device),
        folder_(std::move(folder)),
        queries_(QuerySelection::parse("true,top:5", numbered_classes(model.config().num_classes))),
        facts_(default_facts(model.config(), queries_)),
        extractor_(facts_, queries_, false, model.config().enc_layers) {}

  /// Forward pass, maps, and files in place, durable.
  Json round() {
    Stopwatch watch;
    PieceQueue queue(folder_, facts_, 1U << 20);
    std::vector<MapRecord> piece;
    std::uint32_t number = 0;
    const auto close_piece = [&] {
      if (!piece.empty()) queue.push(number++, std::move(piece));
      piece.clear();
    };
    batches_.seek(0, 0);
    for (std::int64_t i = 0; i < batches_.steps_per_epoch(); ++i) {
      for (MapRecord& record : records_of(batches_.next())) piece.push_back(std::move(record));
      if (std::ssize(piece) >= kPieceSamples) close_piece();
    }
    close_piece();
    queue.finish();
    return {{"seconds", watch.lap()}, {"work", batches_.num_images()}, {"pieces", number}};
  }

  /// What intr-eval says of the first batch, and what a dump stores of it, are the same.
  /// @throws InternalError
  void compare_with_evaluation() {
    const torch::NoGradGuard no_gradients;
    batches_.seek(0, 0);
    const MicroBatch batch = batches_.next();
    const at::Tensor logits = model_.forward(network_input(batch, device_), batch.sizes)
                                  .logits.to(at::kCPU, at::kFloat)
                                  .contiguous();
    const std::vector<MapRecord> records = records_of(batch);
    for (std::size_t b = 0; b < records.size(); ++b) {
      const DumpSample& sample = records[b].sample;
      for (std::size_t slot = 0; slot < sample.query.size(); ++slot) {
        const auto here = logits[static_cast<std::int64_t>(b)][sample.query[slot]].item<float>();
        if (here != sample.logit[slot])
          throw InternalError(
              fmt::format("logit {} of sample {} is {} in evaluation and {} in a dump",
                          sample.query[slot], sample.sample_id, here, sample.logit[slot]));
      }
    }
  }

 private:
  std::vector<MapRecord> records_of(const MicroBatch& batch) {
    const torch::NoGradGuard no_gradients;
    const IntrOutput output =
        model_.forward(network_input(batch, device_), batch.sizes, extractor_.forward_options());
    std::vector<MapRecord> records = extractor_.extract(output, batch.sample_ids, batch.labels);
    for (std::size_t i = 0; i < records.size(); ++i) {
      DumpSample& sample = records[i].sample;
      sample.source_size = sample.resized_size = batch.sizes[i];
      sample.padded_size = batch.padded;
      sample.path = fmt::format("noise/{:08}.jpg", sample.sample_id);
    }
    return records;
  }

  const Intr& model_;
  ReplayedBatches& batches_;
  at::Device device_;
  std::string folder_;
  QuerySelection queries_;
  DumpFacts facts_;
  MapExtractor extractor_;
};

/// Gone at the end, however it comes.
struct ScratchFolder {
  explicit ScratchFolder(std::string name) : path(std::move(name)) { make_folder(path); }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

Json summary_of(const Json& rounds) {
  const auto rate = [](const Json& r) { return number(r, "work") / number(r, "seconds"); };
  return {{"eval_images_s", spread_of(rounds, [&](const Json& r) { return rate(r.at("eval")); })},
          {"dump_images_s", spread_of(rounds, [&](const Json& r) { return rate(r.at("dump")); })},
          {"ratio", spread_of(rounds, [&](const Json& r) {
             return rate(r.at("dump")) / rate(r.at("eval"));
           })}};
}

}  // namespace

ExitCode bench_attend(const std::vector<std::string>& arguments) {
  ModelBench o;
  std::string out;
  OptionSet set("intr-bench attend --out FOLDER [options]",
                "Evaluates batches of noise as intr-eval does it, and dumps the attention of the\n"
                "same batches as intr-attend does it by default, in turns, on one rank.");
  describe_model(o, set);
  describe_rounds(o, set);
  set.add("out", out, "new folder for the pieces; deleted at the end");
  if (!set.parse(arguments, train_build_facts())) return ExitCode::kDone;
  validate(o);
  require_given("out", out, "bench");
  if (std::filesystem::exists(out)) throw UsageError("exists", out, "name a new folder");
  const ComputePlace place = take_place(o.place);
  set_reference_math(o.reference_math);
  const Intr model = evaluated_model(o, place.device);
  ReplayedBatches batches(shapes_of(o.batches), o.classes, 0, 1, pinned_for(place.device));
  const ScratchFolder folder(out);
  DumpRounds dump(model, batches, place.device, folder.path);
  dump.compare_with_evaluation();
  const Json facts = evaluation_facts(o, batches);
  const auto round = [&] {
    return Json{{"eval", eval_round(model, batches, place.device)}, {"dump", dump.round()}};
  };
  const Json warmup = warm_up(round);
  const Json rounds = timed_rounds(o, "attend", round);
  const Json summary = summary_of(rounds);
  print_summary(facts, summary);
  write_result(o.json, "attend",
               {.options = set.values(),
                .facts = facts,
                .warmup = warmup,
                .rounds = rounds,
                .summary = summary});
  return ExitCode::kDone;
}

}  // namespace intr

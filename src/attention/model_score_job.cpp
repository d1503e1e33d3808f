// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_score_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "intr/attention/map_format.h"
#include "intr/attention/model_score_pieces.h"
#include "intr/attention/sample_annotations.h"
#include "intr/attention/sample_maps.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/progress.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

// Raise it where the same options begin to give other numbers: pieces of both must not be mixed.
constexpr std::int64_t kDefinitions = 1;

MapField field_of(const std::string& map) {
  return map == "rollout" ? MapField::kRollout : MapField::kMap;
}

/// Place of a head among the stored ones. @throws UsageError
std::int64_t place_of_head(const DumpFacts& facts, std::int32_t head) {
  const auto found = std::find(facts.heads.begin(), facts.heads.end(), head);
  if (found == facts.heads.end())
    throw UsageError(fmt::format("the dump does not hold head {}", head), "--map",
                     "give a head that is stored, or mean");
  return found - facts.heads.begin();
}

/// Refuses what the dump cannot give, before anything is computed.
void require_stored(const DumpFacts& facts, const ModelScoreOptions& options, std::int64_t layer) {
  if (!options.wants("curves") || options.map == "value") return;
  find_layer(facts, layer);
  if (options.map == "rollout" && !facts.rollout)
    throw UsageError("the dump holds no rollout", "--map",
                     "run intr-attend with --encoder rollout");
  if (const auto head = head_of(options.map)) place_of_head(facts, *head);
}

/// Equal tensors may still be put together in another way.
void require_same_shape(const DumpFacts& facts, const ModelConfig& config,
                        const std::string& dump) {
  const auto compare = [&](const char* what, std::int64_t there, std::int64_t here,
                           const char* next) {
    if (there != here)
      throw DataError(fmt::format("was made by a model with {} {}, not {}", what, there, here),
                      dump, next);
  };
  compare("heads:", facts.head_total, config.nheads, "give --nheads as intr-attend was given");
  compare("decoder layers:", facts.layer_total, config.dec_layers, "give the model of the dump");
  compare("classes:", facts.class_count, config.num_classes, "give the model of the dump");
  compare("stride", facts.stride, config.stride(), "give --dilation as intr-attend was given");
}

/// @param piece file that the sample stands in
ModelSampleScores scores_of(const nlohmann::ordered_json& sample, const std::string& piece) {
  constexpr const char* kNext = "delete it and run the same intr-score command again";
  try {
    return model_sample_scores(sample);
  } catch (const nlohmann::json::exception& error) {
    throw DataError(error.what(), piece, kNext);
  } catch (const DataError& error) {
    throw DataError(error.what(), piece, kNext);
  }
}

std::int64_t layer_of(const ModelScoreOptions& options, const ModelConfig& config) {
  if (options.layer >= config.dec_layers)
    throw UsageError(fmt::format("layer {} of {} is asked for", options.layer, config.dec_layers),
                     "--layer", "layers count from 0");
  return options.layer < 0 ? config.dec_layers - 1 : options.layer;
}

}  // namespace

ModelScoreJob::ModelScoreJob(std::string folder, const ModelScoreWork& work)
    : folder_(std::move(folder)),
      work_(work),
      layer_(layer_of(work.options, work.model.config())),
      stages_(work.options.wants("randomization") ? randomization_stages(work.model.config())
                                                  : std::vector<RandomStage>()) {
  require_same_shape(work.reader.facts(), work.model.config(), work.dump);
  require_stored(work.reader.facts(), work.options, layer_);
  plan_ = make_plan();
  randomized_.insert(plan_.randomized_ids.begin(), plan_.randomized_ids.end());
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < work.reader.size(); ++row) {
    const std::int64_t id = work.reader.sample(row).sample_id;
    if (!std::binary_search(plan_.sample_ids.begin(), plan_.sample_ids.end(), id)) continue;
    row_of_[id] = row;
    rows.push_back(row);
  }
  const Annotations annotations = read_annotations(work.reader, rows, {.data = work.data});
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (annotations.samples[i].box)
      box_of_[work.reader.sample(rows[i]).sample_id] = *annotations.samples[i].box;
}

ModelScorePlan ModelScoreJob::make_plan() const {
  const DumpFacts& facts = work_.reader.facts();
  const ModelScoreOptions& options = work_.options;
  std::vector<std::int64_t> ids;
  for (std::int64_t row = 0; row < work_.reader.size(); ++row)
    ids.push_back(work_.reader.sample(row).sample_id);
  ModelScorePlan plan;
  plan.content_id = facts.content_id;
  plan.model_hash = facts.model_hash;
  plan.dataset_id = facts.dataset_id;
  plan.precision = facts.precision;
  plan.sample_ids = draw_samples(ids, options.samples, options.seed);
  if (options.wants("randomization"))
    plan.randomized_ids =
        draw_samples(plan.sample_ids, options.randomization_samples, options.seed);
  plan.piece_samples = score_piece_samples(std::ssize(plan.sample_ids));
  for (const char* measure : {"curves", "heads", "values", "randomization"})
    plan.options[measure] = options.wants(measure);
  plan.options["definitions"] = kDefinitions;
  plan.options["target"] = options.target;
  plan.options["layer"] = layer_;
  plan.options["map"] = options.map;
  plan.options["ablate"] = options.ablate;
  plan.options["geometry"] = options.geometry;
  plan.options["seed"] = options.seed;
  plan.options["write_maps"] = work_.keep_value_maps;
  identify(plan);
  return plan;
}

std::int64_t ModelScoreJob::forward_passes() const {
  std::int64_t passes = 0;
  for (const std::int64_t id : plan_.sample_ids) passes += passes_of(id);
  return passes;
}

std::int32_t ModelScoreJob::target_of(const DumpSample& sample) const {
  return work_.options.target == "true" ? sample.label : sample.top_class.at(0);
}

std::int64_t ModelScoreJob::passes_of(std::int64_t id) const {
  const DumpSample& sample = work_.reader.sample(row_of_.at(id));
  const std::int32_t target = target_of(sample);
  if (target < 0) return 1;
  const bool has_map = work_.options.map == "value" || slot_of_class(sample, target) >= 0;
  return ModelScorer::forward_passes(work_.options, std::ssize(stages_), has_map,
                                     randomized_.contains(id));
}

std::string ModelScoreJob::describe() const {
  return fmt::format(
      "{} of {} samples, {} forward passes in {} ({} a sample, {} more for each of {} samples of "
      "the randomization check), {} pieces over {} rank{}",
      plan_.sample_ids.size(), work_.reader.size(), forward_passes(), plan_.precision,
      ModelScorer::forward_passes(work_.options, 0, true, false), stages_.size(),
      plan_.randomized_ids.size(), plan_.num_pieces(), work_.communicator.world_size(),
      work_.communicator.world_size() == 1 ? "" : "s");
}

/// What rank 0 does first: the plan in its place, or that of an earlier run compared.
/// @return samples of a piece there
std::int64_t ModelScoreJob::settle_folder() const {
  make_folder(folder_);
  if (!std::filesystem::exists(folder_ + "/" + kPlanFileName) && place_score_plan(folder_, plan_))
    return plan_.piece_samples;
  const ModelScorePlan there = read_score_plan(folder_);
  const std::string difference = plan_difference(there, plan_);
  if (!difference.empty())
    throw UsageError("holds results of another run: " + difference, folder_,
                     "give --out another folder, or delete this one");
  return there.piece_samples;
}

/// Ranks share the looking.
std::vector<std::int64_t> ModelScoreJob::find_missing() const {
  Communicator& communicator = work_.communicator;
  std::vector<std::int64_t> absent(static_cast<std::size_t>(plan_.num_pieces()), 0);
  for (auto i = static_cast<std::size_t>(communicator.rank()); i < absent.size();
       i += static_cast<std::size_t>(communicator.world_size())) {
    const auto number = static_cast<std::int64_t>(i);
    const std::string trouble = score_piece_trouble(folder_, plan_, number);
    if (!trouble.empty() && trouble != "missing")
      log::warning("computing piece {} again: {}", number, trouble);
    absent[i] = trouble.empty() ? 0 : 1;
  }
  communicator.allreduce_now(absent, Op::sum, {.section = "score pieces"});
  std::vector<std::int64_t> missing;
  for (std::size_t i = 0; i < absent.size(); ++i)
    if (absent[i] != 0) missing.push_back(static_cast<std::int64_t>(i));
  return missing;
}

/// Those of the missing pieces that this rank computes.
std::vector<std::int64_t> ModelScoreJob::deal(const std::vector<std::int64_t>& missing) const {
  std::vector<std::int64_t> costs;
  for (const std::int64_t number : missing) {
    std::int64_t cost = 0;
    for (const std::int64_t id : plan_.piece(number))
      cost += work_.reader.sample(row_of_.at(id)).resized_size.area() * passes_of(id);
    costs.push_back(cost);
  }
  const std::vector<std::int64_t> owners = deal_by_cost(costs, work_.communicator.world_size());
  std::vector<std::int64_t> mine;
  for (std::size_t i = 0; i < missing.size(); ++i)
    if (owners[i] == work_.communicator.rank()) mine.push_back(missing[i]);
  return mine;
}

ExitCode ModelScoreJob::run() {
  Communicator& communicator = work_.communicator;
  communicator.agree("the plan", xxh3_64(to_json(plan_).dump()), {.section = "score plan"});
  std::int64_t piece_samples = communicator.rank() == 0 ? settle_folder() : 0;
  communicator.allreduce_now({&piece_samples, 1}, Op::max, {.section = "score start"});
  plan_.piece_samples = piece_samples;
  const std::vector<std::int64_t> missing = find_missing();
  if (communicator.rank() == 0 && !missing.empty())
    log::info("{} of {} pieces to compute in {}", missing.size(), plan_.num_pieces(), folder_);
  std::int64_t stopped = compute(deal(missing)) ? 0 : 1;
  communicator.allreduce_now({&stopped, 1}, Op::max, {.section = "score end"});
  if (stopped != 0) {
    if (communicator.rank() == 0)
      log::info(
          "stopped on request; the finished pieces are kept. Next: run the same command again");
    return ExitCode::kStopped;
  }
  report_times();
  if (communicator.rank() == 0) remove_score_leftovers(folder_, plan_);
  return ExitCode::kDone;
}

ScoredSample ModelScoreJob::known_of(std::int64_t id) const {
  const std::int64_t row = row_of_.at(id);
  const DumpFacts& facts = work_.reader.facts();
  ScoredSample known;
  known.stored = &work_.reader.sample(row);
  known.randomized = randomized_.contains(id);
  if (const auto box = box_of_.find(id); box != box_of_.end()) known.box = box->second;
  const std::string& map = work_.options.map;
  const std::int32_t target = target_of(*known.stored);
  const std::int64_t slot = target < 0 ? -1 : slot_of_class(*known.stored, target);
  if (!work_.options.wants("curves") || map == "value" || slot < 0) return known;
  const MapField field = field_of(map);
  const SampleMaps maps(facts, *known.stored, work_.reader.values(row, field), field);
  const std::int64_t layer = find_layer(facts, layer_);
  if (const auto head = head_of(map)) {
    const std::span<const float> one = maps.head(layer, slot, place_of_head(facts, *head));
    known.map.assign(one.begin(), one.end());
  } else {
    known.map = maps.mean(layer, slot);
  }
  return known;
}

/// @return false if it stopped on request before the end
bool ModelScoreJob::compute(const std::vector<std::int64_t>& pieces) {
  std::vector<EvaluationBatch> batches;
  std::int64_t passes = 0;
  for (const std::int64_t number : pieces)
    for (const std::int64_t id : plan_.piece(number)) {
      const std::int64_t row = work_.index.find(id);
      if (row < 0)
        throw DataError(fmt::format("has no sample {}", id), work_.data,
                        "give the packed set that the dump was made from");
      batches.push_back({static_cast<std::int64_t>(batches.size()),
                         evaluation_size(work_.index, work_.transform, row),
                         {row}});
      passes += passes_of(id);
    }
  EvaluationLoader loader(work_.index, work_.shards, work_.transform, std::move(batches),
                          work_.loader);
  Progress progress(work_.communicator.world_size() > 1 ? "scoring (rank 0's share)" : "scoring",
                    passes, "passes", work_.communicator.rank() == 0 && passes > 0);
  ModelScorer scorer({.model = work_.model,
                      .products = work_.products,
                      .device = work_.device,
                      .reduced_precision = work_.reader.facts().precision != "fp32",
                      .options = work_.options,
                      .layer = layer_,
                      .keep_value_maps = work_.keep_value_maps,
                      .advance = [&](std::int64_t count) { progress.advance(count); },
                      .stop_requested = work_.stop_requested});
  for (const std::int64_t number : pieces) {
    std::vector<nlohmann::ordered_json> samples;
    for (const std::int64_t id : plan_.piece(number)) {
      if (work_.stop_requested && work_.stop_requested()) return false;
      const std::optional<MicroBatch> batch = loader.next();
      if (!batch || batch->sample_ids.at(0) != id)
        throw InternalError(fmt::format("the loader gave another sample than {}", id));
      const std::optional<ModelSampleScores> scores = scorer.score(*batch, known_of(id));
      if (!scores) return false;
      samples.push_back(to_json(*scores));
    }
    write_score_piece(folder_, plan_, number, std::move(samples));
  }
  progress.finish();
  times_ = scorer.times();
  return true;
}

/// What taking heads away costs beside the forward pass whose memory it uses.
void ModelScoreJob::report_times() const {
  std::array<double, 3> sums = {static_cast<double>(times_.forwards), times_.forward_s,
                                times_.heads_s};
  work_.communicator.allreduce_now(std::span<double>(sums), Op::sum, {.section = "score times"});
  if (work_.communicator.rank() != 0 || sums[0] == 0 || sums[2] == 0) return;
  log::info(
      "a sample took {:.3g} ms for the first forward pass and {:.3g} ms ({:.1f} % of it) for "
      "taking away each head",
      1e3 * sums[1] / sums[0], 1e3 * sums[2] / sums[0], 100 * sums[2] / sums[1]);
}

ModelScoreTable ModelScoreJob::table() const {
  ModelScoreTable table;
  table.dump = work_.dump;
  table.facts = work_.reader.facts();
  table.samples_in_dump = work_.reader.size();
  table.options = work_.options;
  table.layer = layer_;
  for (const RandomStage& stage : stages_) table.stages.push_back(stage.name);
  table.forward_passes = forward_passes();
  for (std::int64_t number = 0; number < plan_.num_pieces(); ++number)
    for (const nlohmann::ordered_json& sample : read_score_piece(folder_, plan_, number))
      table.samples.push_back(scores_of(sample, folder_ + "/" + score_piece_file_name(number)));
  return table;
}

}  // namespace intr

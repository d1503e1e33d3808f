// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <set>
#include <sstream>

#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/feature_cells.h"
#include "intr/data/evaluation_plan.h"

namespace intr {
namespace {

constexpr std::uint64_t kMaxPieceBytes = std::uint64_t{256} << 20;

std::int64_t whole_number(const std::string& text, const char* flag) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw UsageError(fmt::format("'{}' is no whole number", text), flag);
  return value;
}

/// Numbers from a list "0,2,-1"; negative ones count from the end. Ascending, each once.
std::vector<std::int32_t> parse_numbers(const std::string& text, std::int64_t total,
                                        const char* flag, const char* noun) {
  std::set<std::int32_t> numbers;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const std::int64_t value = whole_number(word, flag);
    const std::int64_t number = value < 0 ? value + total : value;
    if (number < 0 || number >= total)
      throw UsageError(fmt::format("{} is out of range: this model has {} {}s, from 0 to {}", value,
                                   total, noun, total - 1),
                       flag);
    numbers.insert(checked_cast<std::int32_t>(number));
  }
  if (numbers.empty()) throw UsageError(fmt::format("names no {}", noun), flag);
  return {numbers.begin(), numbers.end()};
}

std::int64_t piece_limit(std::int64_t wanted, std::int64_t num_samples) {
  return wanted > 0 ? wanted : std::clamp<std::int64_t>((num_samples + 63) / 64, 16, 256);
}

/// Stored cells of each sample of a batch.
std::vector<ImageSize> grids_of(const EvaluationBatch& batch, const DataIndex& index,
                                const Transform& transform, std::int64_t stride) {
  const ImageSize cells = feature_grid(batch.size, stride);
  std::vector<ImageSize> grids;
  for (const std::int64_t row : batch.rows)
    grids.push_back(valid_grid(evaluation_size(index, transform, row), batch.size, cells));
  return grids;
}

void cut_pieces(DumpPlan& plan, const DataIndex& index, const Transform& transform) {
  const DumpFacts& facts = plan.file.facts;
  bool open = false;
  for (std::size_t i = 0; i < plan.batches.size(); ++i) {
    const EvaluationBatch& batch = plan.batches[i];
    if (!open) {
      plan.pieces.push_back({.first = static_cast<std::int64_t>(i)});
      plan.file.pieces.emplace_back();
    }
    DumpPlan::Piece& piece = plan.pieces.back();
    PlannedPiece& planned = plan.file.pieces.back();
    ++piece.count;
    piece.pixels += std::ssize(batch.rows) * batch.size.area();
    for (const ImageSize grid : grids_of(batch, index, transform, facts.stride)) {
      planned.map_elements += static_cast<std::uint64_t>(facts.elements(MapField::kMap, grid));
      planned.bytes += facts.bytes_of_sample(grid);
      ++plan.grids[grid];
    }
    for (const std::int64_t row : batch.rows) planned.sample_ids.push_back(index.sample_id(row));
    open = static_cast<std::int64_t>(planned.sample_ids.size()) < plan.file.piece_samples &&
           planned.bytes < kMaxPieceBytes;
  }
}

}  // namespace

std::string describe_transform(const Transform& transform) {
  const std::int64_t short_side = transform.image_size;
  return fmt::format(R"({{"name":"{}","short_side":{},"max_side":{},"mean":[0.485,0.456,0.406],)"
                     R"("std":[0.229,0.224,0.225],"resize":"pillow-bilinear","exif":"ignored"}})",
                     transform.name(), short_side, (1333 * short_side * 2 + 800) / 1600);
}

void describe(DumpOptions& options, OptionSet& set) {
  set.group("What is stored")
      .add("layers", options.layers,
           "decoder layers: last, all, or a list such as 0,-1; negative counts from the end")
      .add("heads", options.heads, "attention heads: all, mean (one map), or a list such as 0,3")
      .add("queries", options.queries,
           "terms joined by commas: true, top:K, class:NAME or class:ID, all")
      .add("values", options.values,
           "norm: also the value map, the length of what each cell gives to attention")
      .add("encoder", options.encoder,
           "the encoder's attention, too: rollout (maps followed back to the backbone's cells; "
           "Abnar and Zuidema, 2020) or mean:LAYERS (cells by cells, mean of its heads); slower")
      .add("logits", options.logits, "stored: of the stored queries and the ten best; all: of all")
      .add("dtype", options.dtype, "stored maps: f16 (relative error at most 0.0005) or f32")
      .add("batch-size", options.batch_size, "images of a forward pass of one rank")
      .add("eval-batching", options.batching,
           "size (pictures of one size together: exact) or reference (consecutive ones, padded, as "
           "published: maps depend on batch mates)")
      .add("piece-samples", options.piece_samples,
           "samples of a file, about; 0 = samples / 64, from 16 to 256");
  describe(options.choice, set);
}

void validate(const DumpOptions& options) {
  require_choice("logits", options.logits, {"stored", "all"});
  require_choice("dtype", options.dtype, {"f16", "f32"});
  require_choice("values", options.values, {"none", "norm"});
  if (!options.encoder.starts_with("mean:"))
    require_choice("encoder", options.encoder, {"none", "rollout", "mean:LAYERS"});
  require_range("batch-size", options.batch_size, 1, 65536);
  require_range("piece-samples", options.piece_samples, 0, 1 << 20);
  static_cast<void>(parse_evaluation_batching(options.batching));
  validate(options.choice);
}

std::vector<std::int32_t> parse_layers(const std::string& text, std::int64_t layer_total,
                                       const char* flag) {
  if (text == "last") return parse_numbers("-1", layer_total, flag, "layer");
  if (text == "all") {
    std::vector<std::int32_t> all(static_cast<std::size_t>(layer_total));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  return parse_numbers(text, layer_total, flag, "layer");
}

std::vector<std::int32_t> parse_heads(const std::string& text, std::int64_t head_total) {
  if (text == "mean") return {kHeadMean};
  if (text == "all") {
    std::vector<std::int32_t> all(static_cast<std::size_t>(head_total));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  return parse_numbers(text, head_total, "--heads", "head");
}

std::vector<std::int32_t> parse_encoder_layers(const std::string& text, std::int64_t layer_total) {
  constexpr std::string_view kMean = "mean:";
  if (!text.starts_with(kMean)) return {};
  return parse_layers(text.substr(kMean.size()), layer_total, "--encoder");
}

DumpPlan plan_dump(const DataIndex& index, const DumpModel& model, const DumpOptions& options,
                   const Transform& transform) {
  DumpPlan plan;
  DumpFacts& facts = plan.file.facts;
  const EvaluationBatching batching = parse_evaluation_batching(options.batching);
  plan.queries = QuerySelection::parse(options.queries, index.classes());
  facts.model_hash = model.model_hash;
  facts.dataset_id = index.dataset_id();
  facts.split = index.split();
  facts.precision = model.precision;
  facts.batching = batching_text(batching);
  facts.queries = plan.queries.text();
  facts.transform = describe_transform(transform);
  facts.classes = index.classes();
  facts.class_count = model.class_count;
  facts.head_total = model.head_total;
  facts.layer_total = model.layer_total;
  facts.stride = model.stride;
  facts.layers = parse_layers(options.layers, model.layer_total);
  facts.heads = parse_heads(options.heads, model.head_total);
  facts.num_queries = plan.queries.num_slots();
  facts.type = map_type_of(options.dtype);
  facts.values = options.values == "norm";
  facts.rollout = options.encoder == "rollout";
  facts.encoder_layers = parse_encoder_layers(options.encoder, model.encoder_layer_total);
  const std::vector<std::int64_t> rows = select_rows(index, options.choice);
  plan.file.logits = options.logits;
  plan.file.selection = describe_selection(index, rows);
  plan.file.batch_size = options.batch_size;
  plan.file.piece_samples =
      piece_limit(options.piece_samples, static_cast<std::int64_t>(rows.size()));
  plan.batches = plan_evaluation(index, transform, options.batch_size, rows, batching);
  cut_pieces(plan, index, transform);
  identify(plan.file);
  return plan;
}

}  // namespace intr

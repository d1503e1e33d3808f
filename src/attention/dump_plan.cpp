// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

#include "intr/attention/selection.h"
#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
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

struct IdRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};

std::vector<IdRange> parse_ids(const std::vector<std::string>& texts) {
  std::vector<IdRange> ranges;
  for (const std::string& text : texts) {
    const std::size_t dash = text.find('-', 1);
    const std::int64_t first = whole_number(text.substr(0, dash), "--sample");
    const std::int64_t last =
        dash == std::string::npos ? first : whole_number(text.substr(dash + 1), "--sample");
    if (first < 0 || last < first)
      throw UsageError(fmt::format("'{}' is no range of sample ids", text), "--sample",
                       "give ID or A-B");
    ranges.push_back({first, last});
  }
  return ranges;
}

std::string describe_transform(const Transform& transform) {
  const std::int64_t short_side = transform.image_size;
  return fmt::format(R"({{"name":"{}","short_side":{},"max_side":{},"mean":[0.485,0.456,0.406],)"
                     R"("std":[0.229,0.224,0.225],"resize":"pillow-bilinear","exif":"ignored"}})",
                     transform.name(), short_side, (1333 * short_side * 2 + 800) / 1600);
}

/// Which samples, as text: a hash of their ids unless it is the whole split.
std::string describe_selection(const DataIndex& index, const std::vector<std::int64_t>& rows) {
  if (static_cast<std::int64_t>(rows.size()) == index.size()) return "all";
  Hash128 hash;
  for (const std::int64_t row : rows) hash.add(checked_cast<std::uint64_t>(index.sample_id(row)));
  return fmt::format("{} samples, {}", rows.size(), hash.hex());
}

std::int64_t piece_limit(std::int64_t wanted, std::int64_t num_samples) {
  return wanted > 0 ? wanted : std::clamp<std::int64_t>((num_samples + 63) / 64, 16, 256);
}

/// Disk space that a dump with so many bytes of maps asks for.
std::uint64_t needed_bytes(std::uint64_t maps) {
  return maps + maps / 20 + (std::uint64_t{64} << 20);
}

void cut_pieces(DumpPlan& plan, const DataIndex& index) {
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
    const auto count = static_cast<std::int64_t>(batch.rows.size());
    ++piece.count;
    piece.pixels += count * batch.size.area();
    const ImageSize grid = feature_grid(batch.size, facts.stride);
    planned.map_elements +=
        static_cast<std::uint64_t>(count * facts.elements(MapField::kMap, grid));
    planned.bytes += static_cast<std::uint64_t>(count) * facts.bytes_of_sample(grid);
    for (const std::int64_t row : batch.rows) planned.sample_ids.push_back(index.sample_id(row));
    open = static_cast<std::int64_t>(planned.sample_ids.size()) < plan.file.piece_samples &&
           planned.bytes < kMaxPieceBytes;
  }
}

}  // namespace

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
      .add("piece-samples", options.piece_samples,
           "samples of a file, about; 0 = samples / 64, from 16 to 256");
  set.group("Which samples")
      .add("class", options.classes, "only samples of this true class, by name or number")
      .add("sample", options.samples, "only this sample id, or the ids A-B")
      .add("limit", options.limit, "only the first so many of the selected samples; 0 = all");
}

void validate(const DumpOptions& options) {
  require_choice("logits", options.logits, {"stored", "all"});
  require_choice("dtype", options.dtype, {"f16", "f32"});
  require_choice("values", options.values, {"none", "norm"});
  if (!options.encoder.starts_with("mean:"))
    require_choice("encoder", options.encoder, {"none", "rollout", "mean:LAYERS"});
  require_range("batch-size", options.batch_size, 1, 65536);
  require_range("piece-samples", options.piece_samples, 0, 1 << 20);
  require_range("limit", options.limit, 0, std::numeric_limits<std::int32_t>::max());
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

std::vector<std::int64_t> select_rows(const DataIndex& index, const DumpOptions& options) {
  std::set<std::int64_t> labels;
  for (const std::string& name : options.classes)
    labels.insert(find_class(index.classes(), name, "class"));
  const std::vector<IdRange> ids = parse_ids(options.samples);
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < index.size(); ++row) {
    const std::int64_t id = index.sample_id(row);
    const bool class_fits = labels.empty() || labels.contains(index.label(row));
    const bool id_fits = ids.empty() || std::any_of(ids.begin(), ids.end(), [&](IdRange range) {
                           return id >= range.first && id <= range.last;
                         });
    if (class_fits && id_fits) rows.push_back(row);
    if (options.limit > 0 && static_cast<std::int64_t>(rows.size()) == options.limit) break;
  }
  if (rows.empty())
    throw UsageError(
        fmt::format("none of the {} samples of split {} is selected", index.size(), index.split()),
        index.set(), "check --class and --sample; intr-pack ls lists the samples");
  return rows;
}

void require_space(std::uint64_t maps, std::uint64_t free_bytes, const std::string& folder) {
  const std::uint64_t needed = needed_bytes(maps);
  if (maps == 0 || needed <= free_bytes) return;
  throw EnvironmentError(
      fmt::format("needs {} bytes ({} of maps, 5 % and 64 MiB more), {} are free", needed, maps,
                  free_bytes),
      folder,
      "make room, or store less: --dtype f16, --layers last, --heads mean, --queries true,top:1, "
      "--encoder none");
}

std::string describe_plan(const DumpPlan& plan, std::int64_t world_size, std::uint64_t free_bytes) {
  const DumpPlanFile& file = plan.file;
  const DumpFacts& facts = file.facts;
  std::string text = fmt::format(
      "samples   {} of split {} ({}), {} classes\n"
      "stored    layers {}, heads {}, {} queries ({}), {}\n",
      file.num_samples(), facts.split, file.selection, facts.class_count,
      fmt::join(facts.layers, ","), fmt::join(facts.heads, ","), facts.num_queries, facts.queries,
      name_of(facts.type));
  if (facts.rollout) text += "          and followed back through the encoder\n";
  if (facts.values) text += "          value maps\n";
  if (!facts.encoder_layers.empty())
    text += fmt::format("          attention of encoder layers {}\n",
                        fmt::join(facts.encoder_layers, ","));
  std::map<ImageSize, std::int64_t> grids;
  std::vector<std::int64_t> costs;
  for (const EvaluationBatch& batch : plan.batches)
    grids[feature_grid(batch.size, facts.stride)] += static_cast<std::int64_t>(batch.rows.size());
  for (const auto& [grid, count] : grids)
    text += fmt::format("grid      {} x {}: {} samples\n", grid.height, grid.width, count);
  for (const DumpPlan::Piece& piece : plan.pieces) costs.push_back(piece.pixels);
  text +=
      fmt::format("bytes     {} of maps, {} needed, {} free\nfiles     {} pieces\n",
                  file.map_bytes(), needed_bytes(file.map_bytes()), free_bytes, plan.pieces.size());
  const std::vector<std::int64_t> owner = deal_by_cost(costs, world_size);
  for (std::int64_t rank = 0; rank < world_size; ++rank) {
    std::int64_t samples = 0;
    for (std::size_t i = 0; i < owner.size(); ++i)
      if (owner[i] == rank) samples += static_cast<std::int64_t>(file.pieces[i].sample_ids.size());
    text += fmt::format("rank {:<4} {} pieces, {} samples\n", rank,
                        std::count(owner.begin(), owner.end(), rank), samples);
  }
  return text;
}

ImageSize feature_grid(ImageSize image, std::int64_t stride) {
  return {(image.height + stride - 1) / stride, (image.width + stride - 1) / stride};
}

DumpPlan plan_dump(const DataIndex& index, const DumpModel& model, const DumpOptions& options,
                   const Transform& transform) {
  DumpPlan plan;
  DumpFacts& facts = plan.file.facts;
  plan.queries = QuerySelection::parse(options.queries, index.classes());
  facts.model_hash = model.model_hash;
  facts.dataset_id = index.dataset_id();
  facts.split = index.split();
  facts.precision = model.precision;
  facts.batching = "bucket";
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
  const std::vector<std::int64_t> rows = select_rows(index, options);
  plan.file.logits = options.logits;
  plan.file.selection = describe_selection(index, rows);
  plan.file.batch_size = options.batch_size;
  plan.file.piece_samples =
      piece_limit(options.piece_samples, static_cast<std::int64_t>(rows.size()));
  plan.batches = plan_evaluation(index, transform, options.batch_size, rows);
  cut_pieces(plan, index);
  identify(plan.file);
  return plan;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "intr/attention/dump_index.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_writer.h"
#include "intr/attention/plan_file.h"
#include "intr/io/atomic_file.h"

namespace intr::test {

/// A finished dump without a model: every value follows from the sample's number.
struct SyntheticDump {
  std::int64_t num_samples = 5;
  std::vector<std::string> classes = {"ant", "bee", "cat"};
  std::int64_t heads = 4;
  std::int64_t layers = 1;
  std::int64_t slots = 3;  ///< at most the number of classes
  std::int64_t stride = 32;
  MapType type = MapType::f16;
  std::int64_t piece_samples = 2;
  bool mean_only = false;   ///< one map, stored as head -1
  bool all_fields = false;  ///< also what is followed back, and value maps
  std::vector<std::int32_t>
      encoder_layers{};  ///< whose attention is stored, not what is followed back
  std::vector<ImageSize> grids = {{2, 3}};    ///< of sample 0, 1, …, over and over
  std::function<void(DumpSample&)> adjust{};  ///< changes a sample's columns before it is written
  /// Value of a cell before normalizing; by default a fixed pattern with one clear peak per head.
  std::function<double(const DumpSample&, std::int64_t layer, std::int64_t slot, std::int64_t head,
                       std::int64_t row, std::int64_t column)>
      weight{};
  std::int64_t first_id = 10;  ///< sample id
  std::string dataset_id = std::string(32, 'b');

  std::int64_t stored_heads() const { return mean_only ? 1 : heads; }
};

/// Sample `number` of a synthetic dump. Sample i has id first_id + 3 i, label i mod classes (the
/// last sample: unknown), and a picture of exactly stride times its grid, resized by nothing.
inline DumpSample synthetic_sample(const SyntheticDump& dump, std::int64_t number) {
  const auto num_classes = static_cast<std::int64_t>(dump.classes.size());
  DumpSample sample;
  sample.sample_id = dump.first_id + 3 * number;
  const std::int64_t own = number % num_classes;
  const bool known = number + 1 < dump.num_samples || dump.num_samples == 1;
  sample.label = known ? static_cast<std::int32_t>(own) : -1;
  sample.grid = dump.grids[static_cast<std::size_t>(number) % dump.grids.size()];
  sample.grid_full = sample.grid;
  sample.source_size = {sample.grid.height * dump.stride, sample.grid.width * dump.stride};
  sample.resized_size = sample.padded_size = sample.source_size;
  // Every other sample is right; the others put the next class first.
  const std::int64_t first = number % 2 == 0 ? own : (own + 1) % num_classes;
  std::vector<std::int64_t> order = {first};
  for (std::int64_t c = 0; c < num_classes; ++c)
    if (c != first) order.push_back(c);
  double total = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const float logit = 2.0F - 0.5F * static_cast<float>(rank);
    total += std::exp(static_cast<double>(logit));
    if (rank < static_cast<std::size_t>(kNumTopClasses)) {
      sample.top_class.push_back(static_cast<std::int32_t>(order[rank]));
      sample.top_logit.push_back(logit);
    }
    if (known && order[rank] == own) sample.true_rank = static_cast<std::int32_t>(rank);
  }
  sample.log_z = static_cast<float>(std::log(total));
  const auto rank_of = [&](std::int64_t c) {
    return std::find(order.begin(), order.end(), c) - order.begin();
  };
  std::vector<std::int64_t> stored;
  if (known) stored.push_back(own);
  for (const std::int64_t c : order)
    if (static_cast<std::int64_t>(stored.size()) < dump.slots && (!known || c != own))
      stored.push_back(c);
  for (const std::int64_t c : stored) {
    sample.query.push_back(static_cast<std::int32_t>(c));
    sample.logit.push_back(2.0F - 0.5F * static_cast<float>(rank_of(c)));
  }
  sample.image_hash = 1000 + static_cast<std::uint64_t>(number);
  sample.path =
      fmt::format("{}/picture {}.jpg", dump.classes[static_cast<std::size_t>(own)], number);
  if (dump.adjust) dump.adjust(sample);
  return sample;
}

/// The maps of a sample before rounding, [layers, slots, heads, h, w].
inline std::vector<float> synthetic_maps(const SyntheticDump& dump, const DumpSample& sample) {
  const auto pattern = [](const DumpSample& s, std::int64_t layer, std::int64_t slot,
                          std::int64_t head, std::int64_t row, std::int64_t column) {
    const std::int64_t peak = (s.sample_id + 5 * layer + 3 * slot + 2 * head) % s.grid.area();
    const double dy = static_cast<double>(row - peak / s.grid.width);
    const double dx = static_cast<double>(column - peak % s.grid.width);
    return std::exp(-0.5 * (dx * dx + dy * dy)) + 0.01;
  };
  std::vector<float> values;
  for (std::int64_t layer = 0; layer < dump.layers; ++layer)
    for (std::int64_t slot = 0; slot < dump.slots; ++slot)
      for (std::int64_t head = 0; head < dump.stored_heads(); ++head) {
        std::vector<double> map;
        double sum = 0;
        for (std::int64_t row = 0; row < sample.grid.height; ++row)
          for (std::int64_t column = 0; column < sample.grid.width; ++column) {
            map.push_back(dump.weight ? dump.weight(sample, layer, slot, head, row, column)
                                      : pattern(sample, layer, slot, head, row, column));
            sum += map.back();
          }
        for (const double value : map) values.push_back(static_cast<float>(value / sum));
      }
  return values;
}

/// Lengths of value vectors before rounding, [layers, heads, h, w]: sample, head and cell tell.
inline std::vector<float> synthetic_values(const SyntheticDump& dump, const DumpSample& sample) {
  std::vector<float> values;
  for (std::int64_t map = 0; map < dump.layers * dump.stored_heads(); ++map)
    for (std::int64_t cell = 0; cell < sample.grid.area(); ++cell)
      values.push_back(static_cast<float>(sample.sample_id % 7 + 2 * map) +
                       0.25F * static_cast<float>(cell));
  return values;
}

/// Mean attention of the encoder's layers before rounding, [layers, h * w, h * w].
inline std::vector<float> synthetic_encoder(const SyntheticDump& dump, const DumpSample& sample) {
  const std::int64_t cells = sample.grid.area();
  std::vector<float> values;
  for (const std::int32_t layer : dump.encoder_layers)
    for (std::int64_t row = 0; row < cells; ++row)
      for (std::int64_t column = 0; column < cells; ++column) {
        // 1 + (a number below the count of cells), which every row holds each of once.
        const std::int64_t part = 1 + (row + column + layer + sample.sample_id) % cells;
        values.push_back(2 * static_cast<float>(part) / static_cast<float>(cells * (cells + 1)));
      }
  return values;
}

/// The record of a sample. Maps that are followed back are those of the next sample.
inline MapRecord synthetic_record(const SyntheticDump& dump, const DumpSample& sample) {
  MapRecord record{sample, {}};
  record.blocks[MapField::kMap] = encode_block(synthetic_maps(dump, sample), dump.type);
  if (!dump.encoder_layers.empty())
    record.blocks[MapField::kEncoder] = encode_block(synthetic_encoder(dump, sample), dump.type);
  if (!dump.all_fields) return record;
  DumpSample next = sample;
  ++next.sample_id;
  if (dump.encoder_layers.empty())
    record.blocks[MapField::kRollout] = encode_block(synthetic_maps(dump, next), dump.type);
  record.blocks[MapField::kValue] = encode_block(synthetic_values(dump, sample), dump.type);
  return record;
}

/// Writes plan.json, pieces, index.h5 and dump.json into a new or empty folder.
/// @param finish false leaves out index.h5 and dump.json
inline DumpPlanFile write_synthetic_dump(const std::string& folder, const SyntheticDump& dump = {},
                                         bool finish = true) {
  make_folder(folder);
  DumpPlanFile plan;
  DumpFacts& facts = plan.facts;
  facts.model_hash = std::string(32, 'a');
  facts.dataset_id = dump.dataset_id;
  facts.split = "val";
  facts.precision = "fp32";
  facts.batching = "bucket";
  facts.queries = "true,top:5";
  facts.transform = R"({"short_side":800,"max_side":1333})";
  facts.classes = dump.classes;
  facts.class_count = static_cast<std::int64_t>(dump.classes.size());
  facts.head_total = dump.heads;
  facts.layer_total = dump.layers;
  facts.stride = dump.stride;
  for (std::int32_t l = 0; l < dump.layers; ++l) facts.layers.push_back(l);
  if (dump.mean_only)
    facts.heads = {kHeadMean};
  else
    for (std::int32_t h = 0; h < dump.heads; ++h) facts.heads.push_back(h);
  facts.num_queries = dump.slots;
  facts.type = dump.type;
  facts.values = dump.all_fields;
  facts.rollout = dump.all_fields && dump.encoder_layers.empty();
  facts.encoder_layers = dump.encoder_layers;
  plan.batch_size = 1;
  plan.piece_samples = dump.piece_samples;
  // Stored from the last sample to the first, so that the index has something to sort.
  std::vector<std::vector<MapRecord>> pieces;
  for (std::int64_t number = dump.num_samples - 1; number >= 0; --number) {
    if (pieces.empty() || static_cast<std::int64_t>(pieces.back().size()) == dump.piece_samples) {
      pieces.emplace_back();
      plan.pieces.emplace_back();
    }
    const DumpSample sample = synthetic_sample(dump, number);
    pieces.back().push_back(synthetic_record(dump, sample));
    plan.pieces.back().sample_ids.push_back(sample.sample_id);
    plan.pieces.back().map_elements +=
        static_cast<std::uint64_t>(facts.elements(MapField::kMap, sample.grid));
    plan.pieces.back().bytes += facts.bytes_of_sample(sample.grid);
  }
  identify(plan);
  place_dump_plan(folder, plan);
  for (std::uint32_t piece = 0; piece < plan.num_pieces(); ++piece)
    write_piece(folder, facts, piece, plan.num_pieces(), pieces[piece]);
  if (finish) write_dump_index(folder, plan);
  return plan;
}

}  // namespace intr::test

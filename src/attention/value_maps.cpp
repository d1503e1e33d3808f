// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/value_maps.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include "intr/attention/map_block.h"
#include "intr/attention/signed_maps.h"
#include "intr/core/error.h"

namespace intr {
namespace {

namespace fs = std::filesystem;

DumpFacts facts_of_maps(const ModelScoreTable& table, const std::string& content_id) {
  DumpFacts facts = table.facts;
  facts.content_id = content_id;
  facts.queries = table.options.target;
  facts.layers = {static_cast<std::int32_t>(facts.layer_total - 1)};
  facts.heads = {kHeadMean};
  facts.num_queries = 1;
  facts.type = MapType::f32;
  facts.rollout = facts.values = false;
  facts.encoder_layers.clear();
  facts.complete = true;
  facts.is_signed = true;
  return facts;
}

MapRecord record_of(const DumpSample& stored, const ModelSampleScores& scores) {
  const std::vector<float>& map = scores.values->map;
  if (std::ssize(map) != stored.grid.area())
    throw InternalError(fmt::format("sample {} has {} attributions for {} cells", stored.sample_id,
                                    map.size(), stored.grid.area()));
  MapRecord record;
  record.sample = stored;
  record.sample.query = {scores.target};
  record.sample.logit = {scores.logits.at(static_cast<std::size_t>(scores.target))};
  record.blocks[MapField::kMap] = encode_block(map, MapType::f32);
  return record;
}

}  // namespace

void require_place_for_maps(const std::string& path) {
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code unknown;
  if (fs::is_directory(path, unknown) || !fs::is_directory(folder, unknown) ||
      access(folder.c_str(), W_OK) != 0)
    throw EnvironmentError("no file can be written there", path,
                           "give --write-maps a file in a folder that exists and can be written");
}

bool write_value_maps(const std::string& path, const ModelScoreTable& table,
                      const MapReader& reader, const std::string& content_id) {
  std::map<std::int64_t, std::int64_t> row_of;
  for (std::int64_t row = 0; row < reader.size(); ++row) row_of[reader.sample(row).sample_id] = row;
  std::vector<MapRecord> records;
  for (const ModelSampleScores& scores : table.samples)
    if (scores.values)
      records.push_back(record_of(reader.sample(row_of.at(scores.sample_id)), scores));
  if (records.empty()) return false;
  write_signed_maps(path, facts_of_maps(table, content_id), records);
  return true;
}

}  // namespace intr

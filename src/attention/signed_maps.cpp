// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/signed_maps.h"

#include <fmt/format.h>

#include <algorithm>

#include "intr/attention/map_block.h"
#include "intr/attention/map_statistics.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

void require_signed_facts(const DumpFacts& facts, const std::string& path) {
  if (!facts.is_signed || facts.type != MapType::f32 || facts.num_layers() != 1 ||
      facts.num_queries != 1 || facts.heads != std::vector<std::int32_t>{kHeadMean} ||
      facts.fields().size() != 1)
    throw InternalError("these facts are not those of signed maps", path);
}

/// @throws InternalError if there is none, or a sample twice
std::vector<const MapRecord*> in_id_order(const std::vector<MapRecord>& records,
                                          const std::string& path) {
  if (records.empty()) throw InternalError("no signed maps to write", path);
  std::vector<const MapRecord*> order;
  for (const MapRecord& record : records) order.push_back(&record);
  const auto id_of = [](const MapRecord* record) { return record->sample.sample_id; };
  std::ranges::sort(order, {}, id_of);
  const auto twice = std::ranges::adjacent_find(order, {}, id_of);
  if (twice != order.end())
    throw InternalError(fmt::format("sample {} comes twice", id_of(*twice)), path);
  return order;
}

}  // namespace

void write_signed_maps(const std::string& path, DumpFacts facts,
                       const std::vector<MapRecord>& records) {
  require_signed_facts(facts, path);
  facts.plan_id.clear();
  const std::vector<const MapRecord*> order = in_id_order(records, path);
  PerField<std::uint64_t> elements;
  MapStatistics statistics;
  for (const MapRecord* record : order) {
    const ImageSize grid = record->sample.grid;
    const auto& block = record->blocks[MapField::kMap];
    const std::vector<float> values = decode_block(block, facts.type);
    if (std::ssize(values) != facts.elements(MapField::kMap, grid))
      throw InternalError(
          fmt::format("sample {} has {} values on a grid of {} x {}", record->sample.sample_id,
                      values.size(), grid.height, grid.width),
          path);
    const std::string trouble = check_values(MapField::kMap, values, grid, facts);
    if (!trouble.empty())
      throw DataError(fmt::format("sample {}: {}", record->sample.sample_id, trouble), path,
                      "nothing was written; look for values that are not finite in the weights");
    elements[MapField::kMap] += values.size();
    statistics.add(facts, MapField::kMap, values, grid);
  }
  statistics.fill(facts);
  AtomicFile file(path);
  MapWriter writer(file.temporary_path(), MapFileKind::kMerged, facts, elements);
  for (const MapRecord* record : order) writer.add(record->sample, record->blocks);
  writer.close();
  check_map_file(file.temporary_path());
  file.commit();
}

void require_attention(const DumpFacts& facts, const std::string& path, const std::string& next) {
  if (facts.is_signed)
    throw UsageError("holds signed maps, which are no shares of attention", path, next);
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "intr/attention/map_block.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/signed_maps.h"

namespace intr::test {

/// Facts of signed maps that follow from a dump.
inline DumpFacts signed_facts(const DumpFacts& dump) {
  DumpFacts facts = dump;
  facts.content_id = std::string(32, '5');
  facts.queries = "predicted";
  facts.layers = {dump.layers.back()};
  facts.heads = {kHeadMean};
  facts.num_queries = 1;
  facts.type = MapType::f32;
  facts.rollout = facts.values = false;
  facts.encoder_layers.clear();
  facts.is_signed = true;
  return facts;
}

/// A map of the class that the sample was taken for. @param values [h, w]
inline MapRecord signed_record(const DumpSample& of, const std::vector<float>& values) {
  MapRecord record{of, {}};
  record.sample.query = {of.top_class.front()};
  record.sample.logit = {of.top_logit.front()};
  record.blocks[MapField::kMap] = encode_block(values, MapType::f32);
  return record;
}

/// Speaks for the class in the first cell, and half as much against it in the last.
inline std::vector<float> for_and_against(const DumpSample& sample, float most) {
  std::vector<float> values(static_cast<std::size_t>(sample.grid.area()), 0.0F);
  values.front() = most;
  values.back() = -most / 2;
  return values;
}

/// Such maps of all samples of a dump; row r has 0.25 (r + 1) in its first cell.
inline std::vector<MapRecord> signed_records(const MapReader& dump) {
  std::vector<MapRecord> records;
  for (std::int64_t row = 0; row < dump.size(); ++row) {
    const DumpSample& sample = dump.sample(row);
    records.push_back(
        signed_record(sample, for_and_against(sample, 0.25F * static_cast<float>(row + 1))));
  }
  return records;
}

inline void write_signed_file(const std::string& path, const MapReader& dump) {
  write_signed_maps(path, signed_facts(dump.facts()), signed_records(dump));
}

}  // namespace intr::test

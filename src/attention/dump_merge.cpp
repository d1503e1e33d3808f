// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "intr/attention/dump_plan.h"
#include "intr/attention/map_attributes.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/map_statistics.h"
#include "intr/attention/map_writer.h"
#include "intr/core/error.h"
#include "intr/io/atomic_file.h"

namespace intr {
namespace {

/// A sample of one of the dumps.
struct Place {
  std::int64_t sample_id = 0;
  std::size_t dump = 0;
  std::int64_t row = 0;
};

bool stores_all_logits(const MapReader& reader) { return !reader.sample(0).logits_all.empty(); }

/// @throws UsageError unless the second differs from the first in its samples alone
void require_joinable(const MapReader& first, const MapReader& second,
                      const std::string& second_path) {
  DumpFacts facts = second.facts();
  facts.content_id = first.facts().content_id;
  facts.plan_id = first.facts().plan_id;
  std::string difference = facts_difference(first.facts(), facts);
  if (difference.empty() && stores_all_logits(first) != stores_all_logits(second))
    difference = "logits";
  if (!difference.empty())
    throw UsageError("cannot be joined with the first dump: they differ in " + difference,
                     second_path, "join dumps of one model, split and set of options");
  if (batching_of(first.facts()) == EvaluationBatching::kReference)
    throw UsageError("has padded batches, whose maps depend on their batch mates", second_path,
                     "make one dump of all samples, or dump with --eval-batching size");
}

/// All samples in id order.
std::vector<Place> places_of(const std::vector<MapReader>& readers,
                             const std::vector<std::string>& paths) {
  std::vector<Place> places;
  for (std::size_t dump = 0; dump < readers.size(); ++dump)
    for (std::int64_t row = 0; row < readers[dump].size(); ++row)
      places.push_back({readers[dump].sample(row).sample_id, dump, row});
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.sample_id < b.sample_id; });
  const auto twice =
      std::adjacent_find(places.begin(), places.end(),
                         [](const Place& a, const Place& b) { return a.sample_id == b.sample_id; });
  if (twice != places.end())
    throw DataError(fmt::format("sample {} is in {}, too", twice->sample_id, paths[twice->dump]),
                    paths[(twice + 1)->dump], "join dumps of different samples");
  return places;
}

/// What is true of all of them: the figures of their maps, and the id of a dump that lists these
/// samples (a dump of the whole split says "all" instead).
DumpFacts joined_facts(const std::vector<MapReader>& readers, const std::vector<Place>& places) {
  DumpPlanFile plan;
  plan.facts = readers[0].facts();
  plan.logits = stores_all_logits(readers[0]) ? "all" : "stored";
  std::vector<std::int64_t> ids;
  plan.facts.samples_planned = 0;
  for (const MapReader& reader : readers) {
    plan.facts.complete = plan.facts.complete && reader.facts().complete;
    plan.facts.samples_planned +=
        reader.facts().complete ? reader.size() : reader.facts().samples_planned;
  }
  MapStatistics statistics;
  for (const Place& place : places) {
    const MapReader& reader = readers[place.dump];
    ids.push_back(place.sample_id);
    for (const MapField field : plan.facts.fields())
      statistics.add(plan.facts, field, reader.values(place.row, field),
                     reader.sample(place.row).grid);
  }
  plan.selection = describe_selection(ids);
  identify(plan);
  statistics.fill(plan.facts);
  return plan.facts;
}

}  // namespace

void merge_into(const std::vector<std::string>& dumps, const std::string& file) {
  if (std::filesystem::exists(file))
    throw UsageError("is there already", file, "give --into another name or delete it");
  std::vector<MapReader> readers;
  for (const std::string& path : dumps) {
    readers.push_back(MapReader::open(path));
    if (readers.size() > 1) require_joinable(readers.front(), readers.back(), path);
  }
  const std::vector<Place> places = places_of(readers, dumps);
  const DumpFacts facts = readers.size() == 1 ? readers[0].facts() : joined_facts(readers, places);
  PerField<std::uint64_t> elements;
  for (const Place& place : places)
    for (const MapField field : facts.fields())
      elements[field] += static_cast<std::uint64_t>(
          facts.elements(field, readers[place.dump].sample(place.row).grid));
  AtomicFile out(file);
  MapWriter writer(out.temporary_path(), MapFileKind::kMerged, facts, elements);
  for (const Place& place : places) {
    const MapReader& reader = readers[place.dump];
    PerField<std::vector<std::byte>> blocks;
    for (const MapField field : facts.fields()) blocks[field] = reader.stored(place.row, field);
    writer.add(reader.sample(place.row), blocks);
  }
  writer.close();
  check_map_file(out.temporary_path());
  out.commit();
}

}  // namespace intr

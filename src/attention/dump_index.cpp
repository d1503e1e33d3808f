// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "intr/attention/map_attributes.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_file.h"
#include "intr/attention/map_statistics.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/log.h"
#include "intr/core/version.h"
#include "intr/io/atomic_file.h"
#include "intr/io/file_seal.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

/// How many elements a piece holds.
struct PieceElements {
  std::uint32_t number = 0;
  PerField<std::uint64_t> elements;
};

/// Everything that the index says, gathered piece by piece.
struct Gathered {
  MapTable table;
  MapStatistics statistics;
  std::vector<PieceElements> pieces;
};

void check_piece(const MapFile& file, const DumpPlanFile& plan, std::uint32_t number) {
  const MapTable& table = file.table();
  const PlannedPiece& planned = plan.pieces.at(number);
  const auto refuse = [&](const std::string& what) {
    throw DataError(what, file.path(),
                    "delete this piece and run the same intr-attend command again");
  };
  if (table.kind != MapFileKind::kPiece || table.piece != number ||
      table.piece_count != plan.num_pieces())
    refuse(fmt::format("is not piece {} of {}", number, plan.num_pieces()));
  const std::string difference = facts_difference(plan.facts, table.facts);
  if (!difference.empty()) refuse("does not belong to plan.json: they differ in " + difference);
  if (table.elements[MapField::kMap] != planned.map_elements)
    refuse(fmt::format("holds {} map elements instead of {}", table.elements[MapField::kMap],
                       planned.map_elements));
  std::uint64_t elements = 0;
  for (const MapField field : table.facts.fields()) elements += table.elements[field];
  if (elements * static_cast<std::uint64_t>(bytes_of(table.facts.type)) != planned.bytes)
    refuse(fmt::format("holds {} elements of all fields, not {} bytes", elements, planned.bytes));
  if (!std::equal(table.samples.begin(), table.samples.end(), planned.sample_ids.begin(),
                  planned.sample_ids.end(),
                  [](const DumpSample& sample, std::int64_t id) { return sample.sample_id == id; }))
    refuse("does not hold the samples that plan.json lists");
}

/// A field of a sample. @throws DataError unless its hash and its values are right
std::vector<float> sound_values(const MapFile& file, std::size_t row, MapField field) {
  const DumpFacts& facts = file.table().facts;
  const DumpSample& sample = file.table().samples[row];
  std::vector<float> values = decode_block(file.block(row, field), facts.type);
  const std::string trouble = check_values(field, values, sample.grid, facts);
  if (!trouble.empty()) throw_bad_sample(file.path(), sample.sample_id, trouble);
  return values;
}

void gather_piece(const MapFile& file, std::uint32_t number, Gathered& all) {
  const MapTable& piece = file.table();
  const DumpFacts& facts = piece.facts;
  for (std::uint32_t row = 0; row < piece.samples.size(); ++row) {
    const DumpSample& sample = piece.samples[row];
    MapPlace place{.start = {}, .piece = number, .row = row};
    for (const MapField field : facts.fields()) {
      const std::vector<float> values = sound_values(file, row, field);
      all.statistics.add(facts, field, values, sample.grid);
      place.start[field] = all.table.elements[field] + piece.places[row].start[field];
    }
    all.table.samples.push_back(sample);
    all.table.places.push_back(place);
  }
  for (const MapField field : facts.fields()) all.table.elements[field] += piece.elements[field];
  all.pieces.push_back({number, piece.elements});
}

/// Brings samples and their places into sample-id order. @throws DataError if one stands twice
void sort_by_id(MapTable& table, const std::string& where) {
  std::vector<std::size_t> order(table.samples.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return table.samples[a].sample_id < table.samples[b].sample_id;
  });
  std::vector<DumpSample> samples;
  std::vector<MapPlace> places;
  for (const std::size_t i : order) {
    if (!samples.empty() && samples.back().sample_id == table.samples[i].sample_id)
      throw_bad_sample(
          where, samples.back().sample_id,
          fmt::format("stands in pieces {} and {}", places.back().piece, table.places[i].piece));
    samples.push_back(std::move(table.samples[i]));
    places.push_back(table.places[i]);
  }
  table.samples = std::move(samples);
  table.places = std::move(places);
}

void write_index_file(const std::string& folder, Gathered& all, const DumpPlanFile& plan) {
  MapTable& table = all.table;
  table.kind = MapFileKind::kIndex;
  table.facts = plan.facts;
  table.facts.complete = std::ssize(table.samples) == plan.num_samples();
  table.facts.samples_planned = plan.num_samples();
  all.statistics.fill(table.facts);
  sort_by_id(table, folder);
  AtomicFile file(folder + "/" + kIndexFileName);
  hdf5::File out = hdf5::File::create(file.temporary_path());
  for (const MapField field : table.facts.fields()) {
    const char* name = names_of(field).elements;
    std::vector<hdf5::File::VirtualPiece> sources;
    for (const PieceElements& piece : all.pieces)
      sources.push_back({piece_file_name(piece.number), name, piece.elements[field]});
    out.write_virtual(name, table.facts.type == MapType::f16 ? hdf5::Type::f16 : hdf5::Type::f32,
                      sources);
  }
  write_table(out, table);
  out.close();
  seal_file(file.temporary_path());
  MapFile::open(file.temporary_path());
  file.commit();
}

nlohmann::ordered_json describe_pieces(const std::string& folder, const DumpPlanFile& plan) {
  auto pieces = nlohmann::ordered_json::array();
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const std::string path = folder + "/" + piece_file_name(number);
    pieces.push_back({{"file", piece_file_name(number)},
                      {"samples", plan.pieces[number].sample_ids.size()},
                      {"bytes", std::filesystem::file_size(path)},
                      {"hash", hash_file(path)}});
  }
  return pieces;
}

}  // namespace

std::string piece_trouble(const std::string& folder, const DumpPlanFile& plan, std::uint32_t number,
                          bool with_hashes) {
  const std::string path = folder + "/" + piece_file_name(number);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return "missing";
  try {
    const MapFile file = MapFile::open(path);
    check_piece(file, plan, number);
    for (std::size_t row = 0; with_hashes && row < file.table().samples.size(); ++row)
      for (const MapField field : file.table().facts.fields()) sound_values(file, row, field);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

bool dump_is_finished(const std::string& folder) {
  const std::string index = folder + "/" + kIndexFileName;
  std::error_code ignored;
  if (!std::filesystem::exists(folder + "/" + kDumpFileName, ignored) ||
      !std::filesystem::exists(index, ignored))
    return false;
  try {
    return MapFile::open(index).table().facts.complete;
  } catch (const DataError&) {
    return false;
  }
}

void write_dump_index(const std::string& folder, const DumpPlanFile& plan,
                      const nlohmann::ordered_json& run) {
  Gathered all;
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const MapFile file = MapFile::open(folder + "/" + piece_file_name(number));
    check_piece(file, plan, number);
    gather_piece(file, number, all);
  }
  write_index_file(folder, all, plan);
  const std::string dump_path = folder + "/" + kDumpFileName;
  nlohmann::ordered_json story = run;
  if (story.is_null() && std::filesystem::exists(dump_path)) {
    const nlohmann::ordered_json before = read_json(dump_path);
    if (before.is_object()) story = before.value("run", nlohmann::ordered_json());
  }
  nlohmann::ordered_json dump = {{"format", std::string(kMapFormat) + "-dump"},
                                 {"format_version", {kMapFormatMajor, kMapFormatMinor}},
                                 {"content_id", plan.facts.content_id},
                                 {"plan_id", plan.facts.plan_id},
                                 {"samples", plan.num_samples()},
                                 {"map_bytes", plan.map_bytes()},
                                 {"creator", "intr " + version()},
                                 {"run", story},
                                 {"pieces", describe_pieces(folder, plan)}};
  write_json(dump_path, dump);
}

std::int64_t write_partial_index(const std::string& folder, const DumpPlanFile& plan) {
  Gathered all;
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const std::string trouble = piece_trouble(folder, plan, number, true);
    if (trouble.empty())
      gather_piece(MapFile::open(folder + "/" + piece_file_name(number)), number, all);
    else if (trouble != "missing")
      log::warning("left out: {}", trouble);
  }
  if (all.table.samples.empty())
    throw DataError("has no finished piece yet", folder, "wait, or run intr-attend again");
  // With it, the dump would count as finished for good, once the other pieces are back.
  if (std::ssize(all.table.samples) != plan.num_samples())
    std::filesystem::remove(folder + "/" + kDumpFileName);
  write_index_file(folder, all, plan);
  // If a run ended meanwhile, this took the place of its index.
  if (std::filesystem::exists(folder + "/" + kDumpFileName)) write_dump_index(folder, plan);
  return std::ssize(all.table.samples);
}

void remove_dump_leftovers(const std::string& folder, const DumpPlanFile& plan) {
  for (const char* name : {kPlanFileName, kIndexFileName, kDumpFileName})
    remove_leftovers(folder + "/" + name);
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number)
    remove_leftovers(folder + "/" + piece_file_name(number));
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/dump_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <numeric>

#include "intr/attention/map_attributes.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_file.h"
#include "intr/attention/map_reader.h"
#include "intr/attention/map_writer.h"
#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/core/version.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

/// Everything that the index says, gathered piece by piece.
struct Gathered {
  MapTable table;
  std::vector<float> peaks, contrasts, rollout_peaks, value_peaks;
  SumRange sums;
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
  if (!std::equal(table.samples.begin(), table.samples.end(), planned.sample_ids.begin(),
                  planned.sample_ids.end(),
                  [](const DumpSample& sample, std::int64_t id) { return sample.sample_id == id; }))
    refuse("does not hold the samples that plan.json lists");
}

void append(std::vector<float>& all, const std::vector<float>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

void gather_piece(const MapFile& file, std::uint32_t number, Gathered& all) {
  const MapTable& piece = file.table();
  const DumpFacts& facts = piece.facts;
  for (std::uint32_t row = 0; row < piece.samples.size(); ++row) {
    const DumpSample& sample = piece.samples[row];
    MapPlace place{.start = {}, .piece = number, .row = row};
    for (const MapField field : facts.fields()) {
      const std::vector<float> values = decode_block(file.block(row, field), facts.type);
      const std::string trouble = check_values(field, values, sample.grid, facts.type);
      if (!trouble.empty()) throw_bad_sample(file.path(), sample.sample_id, trouble);
      if (field == MapField::kMap) {
        const SumRange sums = sums_of(values, sample.grid.area());
        if (all.table.samples.empty()) all.sums = sums;
        all.sums.include(sums);
        const BlockPeaks peaks = peaks_of(values, facts, sample.grid);
        append(all.peaks, peaks.peak);
        append(all.contrasts, peaks.contrast);
      } else if (field == MapField::kRollout) {
        append(all.rollout_peaks, peaks_of(values, facts, sample.grid).peak);
      } else if (field == MapField::kValue) {
        append(all.value_peaks, value_peaks_of(values, facts, sample.grid));
      }
      place.start[field] = all.table.elements[field] + piece.places[row].start[field];
    }
    all.table.samples.push_back(sample);
    all.table.places.push_back(place);
  }
  for (const MapField field : facts.fields()) all.table.elements[field] += piece.elements[field];
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

void write_index_file(const std::string& folder, const MapTable& table,
                      const std::vector<PerField<std::uint64_t>>& piece_elements) {
  AtomicFile file(folder + "/" + kIndexFileName);
  hdf5::File out = hdf5::File::create(file.temporary_path());
  for (const MapField field : table.facts.fields()) {
    const char* name = names_of(field).elements;
    std::vector<hdf5::File::VirtualPiece> sources;
    for (std::uint32_t number = 0; number < piece_elements.size(); ++number)
      sources.push_back({piece_file_name(number), name, piece_elements[number][field]});
    out.write_virtual(name, table.facts.type == MapType::f16 ? hdf5::Type::f16 : hdf5::Type::f32,
                      sources);
  }
  write_table(out, table);
  out.close();
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
      for (const MapField field : file.table().facts.fields()) file.block(row, field);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

void write_dump_index(const std::string& folder, const DumpPlanFile& plan,
                      const nlohmann::ordered_json& run) {
  Gathered all;
  std::vector<PerField<std::uint64_t>> piece_elements;
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const MapFile file = MapFile::open(folder + "/" + piece_file_name(number));
    check_piece(file, plan, number);
    gather_piece(file, number, all);
    piece_elements.push_back(file.table().elements);
  }
  all.table.kind = MapFileKind::kIndex;
  all.table.facts = plan.facts;
  all.table.facts.sum_min = static_cast<float>(all.sums.least);
  all.table.facts.sum_max = static_cast<float>(all.sums.most);
  all.table.facts.peak_p99 = static_cast<double>(nearest_rank(std::move(all.peaks), 0.99));
  all.table.facts.contrast_p99 = static_cast<double>(nearest_rank(std::move(all.contrasts), 0.99));
  all.table.facts.rollout_p99 =
      static_cast<double>(nearest_rank(std::move(all.rollout_peaks), 0.99));
  all.table.facts.value_p99 = static_cast<double>(nearest_rank(std::move(all.value_peaks), 0.99));
  sort_by_id(all.table, folder);
  write_index_file(folder, all.table, piece_elements);
  const std::string dump_path = folder + "/" + kDumpFileName;
  nlohmann::ordered_json story = run;
  if (story.is_null() && std::filesystem::exists(dump_path))
    story = read_json(dump_path).value("run", nlohmann::ordered_json());
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

void merge_into(const std::string& dump, const std::string& file) {
  if (std::filesystem::exists(file))
    throw UsageError("is there already", file, "give --into another name or delete it");
  const MapReader reader = MapReader::open(dump);
  const DumpFacts& facts = reader.facts();
  PerField<std::uint64_t> elements;
  for (std::int64_t row = 0; row < reader.size(); ++row)
    for (const MapField field : facts.fields())
      elements[field] += static_cast<std::uint64_t>(facts.elements(field, reader.sample(row).grid));
  AtomicFile out(file);
  MapWriter writer(out.temporary_path(), MapFileKind::kMerged, facts, elements);
  for (std::int64_t row = 0; row < reader.size(); ++row) {
    PerField<std::vector<std::byte>> blocks;
    for (const MapField field : facts.fields()) blocks[field] = reader.stored(row, field);
    writer.add(reader.sample(row), blocks);
  }
  writer.close();
  check_map_file(out.temporary_path());
  out.commit();
}

}  // namespace intr

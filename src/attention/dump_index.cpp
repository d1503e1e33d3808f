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
  std::vector<float> peaks, contrasts;
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
  if (table.map_elements != planned.map_elements)
    refuse(fmt::format("holds {} map elements instead of {}", table.map_elements,
                       planned.map_elements));
  if (!std::equal(table.samples.begin(), table.samples.end(), planned.sample_ids.begin(),
                  planned.sample_ids.end(),
                  [](const DumpSample& sample, std::int64_t id) { return sample.sample_id == id; }))
    refuse("does not hold the samples that plan.json lists");
}

void gather_piece(const MapFile& file, std::uint32_t number, Gathered& all) {
  const MapTable& piece = file.table();
  for (std::uint32_t row = 0; row < piece.samples.size(); ++row) {
    const DumpSample& sample = piece.samples[row];
    const std::vector<float> values = decode_block(file.block(row), piece.facts.type);
    const SumRange sums = sums_of(values, sample.grid.area());
    if (!sums_are_sound(sums, piece.facts.type))
      throw_bad_sample(file.path(), sample.sample_id,
                       "a map is negative, not finite or does not sum to 1");
    if (all.table.samples.empty()) all.sums = sums;
    all.sums.include(sums);
    const BlockPeaks peaks = peaks_of(values, piece.facts, sample.grid);
    all.peaks.insert(all.peaks.end(), peaks.peak.begin(), peaks.peak.end());
    all.contrasts.insert(all.contrasts.end(), peaks.contrast.begin(), peaks.contrast.end());
    all.table.samples.push_back(sample);
    all.table.places.push_back(
        {.start = all.table.map_elements + piece.places[row].start, .piece = number, .row = row});
  }
  all.table.map_elements += piece.map_elements;
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

void write_index_file(const std::string& folder, const MapTable& table, const DumpPlanFile& plan) {
  std::vector<hdf5::File::VirtualPiece> sources;
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number)
    sources.push_back({piece_file_name(number), "/map", plan.pieces[number].map_elements});
  AtomicFile file(folder + "/" + kIndexFileName);
  hdf5::File out = hdf5::File::create(file.temporary_path());
  out.write_virtual("/map", table.facts.type == MapType::f16 ? hdf5::Type::f16 : hdf5::Type::f32,
                    sources);
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
      file.block(row);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

void write_dump_index(const std::string& folder, const DumpPlanFile& plan,
                      const nlohmann::ordered_json& run) {
  Gathered all;
  for (std::uint32_t number = 0; number < plan.num_pieces(); ++number) {
    const MapFile file = MapFile::open(folder + "/" + piece_file_name(number));
    check_piece(file, plan, number);
    gather_piece(file, number, all);
  }
  all.table.kind = MapFileKind::kIndex;
  all.table.facts = plan.facts;
  all.table.facts.sum_min = static_cast<float>(all.sums.least);
  all.table.facts.sum_max = static_cast<float>(all.sums.most);
  all.table.facts.peak_p99 = static_cast<double>(nearest_rank(std::move(all.peaks), 0.99));
  all.table.facts.contrast_p99 = static_cast<double>(nearest_rank(std::move(all.contrasts), 0.99));
  sort_by_id(all.table, folder);
  write_index_file(folder, all.table, plan);
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
  std::uint64_t elements = 0;
  for (std::int64_t row = 0; row < reader.size(); ++row)
    elements += static_cast<std::uint64_t>(reader.facts().block_elements(reader.sample(row).grid));
  AtomicFile out(file);
  MapWriter writer(out.temporary_path(), MapFileKind::kMerged, reader.facts(), elements);
  for (std::int64_t row = 0; row < reader.size(); ++row)
    writer.add(reader.sample(row), reader.stored(row));
  writer.set_scales(reader.facts().peak_p99, reader.facts().contrast_p99);
  writer.close();
  check_map_file(out.temporary_path());
  out.commit();
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_reader.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <optional>
#include <span>

#include "intr/attention/map_attributes.h"
#include "intr/attention/map_block.h"
#include "intr/attention/map_file.h"
#include "intr/core/error.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

constexpr std::size_t kMaxOpenPieces = 64;  // far below the usual limit of 1,024 descriptors

/// Whether it is an index that says itself that samples are missing. One that does not, without
/// dump.json beside it, was left by a run that was killed at its end.
bool is_partial_index(const std::string& file) {
  std::error_code ignored;
  return std::filesystem::exists(file, ignored) && !MapFile::open(file).table().facts.complete;
}

/// The file that lists all samples of what the user named.
std::string table_path(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return path;
  if (!std::filesystem::exists(path + "/" + kDumpFileName, ignored)) {
    if (is_partial_index(path + "/" + kIndexFileName)) return path + "/" + kIndexFileName;
    if (std::filesystem::exists(path + "/" + kPlanFileName, ignored))
      throw DataError("the dump is not finished", path,
                      fmt::format("run the same intr-attend command again; intr-attend status {0} "
                                  "lists what is there, intr-attend merge --partial {0} makes it "
                                  "readable",
                                  path));
    throw DataError(fmt::format("holds no {}: it is no attention dump", kDumpFileName), path,
                    "give a folder that intr-attend made, its index.h5, or a merged file");
  }
  if (!std::filesystem::exists(path + "/" + kIndexFileName, ignored))
    throw DataError(fmt::format("its {} is missing", kIndexFileName), path,
                    fmt::format("make it again: intr-attend merge {}", path));
  return path + "/" + kIndexFileName;
}

}  // namespace

struct MapReader::State {
  std::string folder;  ///< of the pieces
  MapFile file;        ///< index or merged
  std::map<std::uint32_t, MapFile> pieces;

  const MapTable& table() const { return file.table(); }
  const MapFile& piece(std::uint32_t number);
  std::vector<std::byte> block(std::size_t row, MapField field);
  std::vector<float> decode(std::span<const std::byte> block, std::size_t row, MapField field);
};

const MapFile& MapReader::State::piece(std::uint32_t number) {
  const auto found = pieces.find(number);
  if (found != pieces.end()) return found->second;
  if (pieces.size() >= kMaxOpenPieces) pieces.clear();
  MapFile opened = MapFile::open(folder + "/" + piece_file_name(number));
  if (opened.table().kind != MapFileKind::kPiece || opened.table().piece != number)
    throw DataError(fmt::format("is not piece {}", number), opened.path(),
                    "copy the dump again, whole");
  const std::string difference = facts_difference(table().facts, opened.table().facts);
  if (!difference.empty())
    throw DataError("belongs to another dump than the index: they differ in " + difference,
                    opened.path(), "run intr-attend merge on the folder");
  return pieces.emplace(number, std::move(opened)).first->second;
}

std::vector<std::byte> MapReader::State::block(std::size_t row, MapField field) {
  if (table().kind == MapFileKind::kMerged) return file.block(row, field);
  const MapPlace& place = table().places[row];
  const DumpSample& sample = table().samples[row];
  try {
    const MapFile& source = piece(place.piece);
    const auto& rows = source.table().samples;
    if (place.row >= rows.size() || rows[place.row] != sample)
      throw_bad_sample(source.path(), sample.sample_id,
                       fmt::format("row {} is not what the index says of it", place.row));
    return source.block(place.row, field);
  } catch (const DataError& error) {
    const std::string text = error.what();
    const std::string id = fmt::format("sample {}", sample.sample_id);
    if (text.find(id + ":") != std::string::npos) throw;
    throw DataError(fmt::format("{} cannot be read: {}", id, text), file.path());
  }
}

/// @throws DataError if the values are none that a map can hold, whatever their hash says
std::vector<float> MapReader::State::decode(std::span<const std::byte> block, std::size_t row,
                                            MapField field) {
  const DumpSample& sample = table().samples[row];
  std::vector<float> values = decode_block(block, table().facts.type);
  const std::string trouble = check_values(field, values, sample.grid, table().facts);
  if (trouble.empty()) return values;
  throw_bad_sample(table().kind == MapFileKind::kMerged
                       ? file.path()
                       : folder + "/" + piece_file_name(table().places[row].piece),
                   sample.sample_id, trouble);
}

MapReader::MapReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
MapReader::MapReader(MapReader&&) noexcept = default;
MapReader& MapReader::operator=(MapReader&&) noexcept = default;
MapReader::~MapReader() = default;

MapReader MapReader::open(const std::string& path) {
  const std::string file = table_path(path);
  const std::string folder = std::filesystem::path(file).parent_path().string();
  auto state =
      std::make_unique<State>(State{folder.empty() ? "." : folder, MapFile::open(file), {}});
  const MapTable& table = state->table();
  if (table.kind == MapFileKind::kPiece)
    throw DataError("is one piece of a dump", path, "give its folder: " + state->folder);
  for (std::size_t i = 1; i < table.samples.size(); ++i) {
    if (table.samples[i - 1].sample_id >= table.samples[i].sample_id)
      throw_bad_sample(file, table.samples[i].sample_id, "stands twice or out of order");
  }
  if (file != path && table.facts.complete) {
    const std::string dump = path + "/" + kDumpFileName;
    const auto content = json_member<std::string>(read_json(dump), "content_id", dump);
    if (content != table.facts.content_id)
      throw DataError("describes another dump than the index beside it", dump,
                      "run intr-attend merge on the folder");
  }
  return MapReader(std::move(state));
}

const DumpFacts& MapReader::facts() const noexcept { return state_->table().facts; }

std::int64_t MapReader::size() const noexcept {
  return static_cast<std::int64_t>(state_->table().samples.size());
}

const DumpSample& MapReader::sample(std::int64_t row) const {
  return state_->table().samples.at(static_cast<std::size_t>(row));
}

std::vector<std::byte> MapReader::stored(std::int64_t row, MapField field) const {
  const auto index = static_cast<std::size_t>(row);
  std::vector<std::byte> block = state_->block(index, field);
  state_->decode(block, index, field);
  return block;
}

std::vector<float> MapReader::values(std::int64_t row, MapField field) const {
  const auto index = static_cast<std::size_t>(row);
  return state_->decode(state_->block(index, field), index, field);
}

}  // namespace intr

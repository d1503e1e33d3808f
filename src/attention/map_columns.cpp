// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_columns.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "intr/attention/map_attributes.h"
#include "intr/core/checked_cast.h"
#include "intr/core/error.h"
#include "intr/core/version.h"

namespace intr {
namespace {

constexpr std::int64_t kLongestSide = 1 << 15;  // of a grid

constexpr const char* kNext =
    "the file is damaged or was changed: delete that piece and run intr-attend again, or copy the "
    "dump again";

[[noreturn]] void throw_damaged(const hdf5::File& file, const std::string& what) {
  throw DataError(what, file.path(), kNext);
}

template <class T, class Get>
void write_column(hdf5::File& file, const char* name, const MapTable& table, Get get) {
  std::vector<T> values;
  values.reserve(table.samples.size());
  for (std::size_t i = 0; i < table.samples.size(); ++i) values.push_back(get(i));
  file.write(name, values);
}

template <class T, class Get>
void write_rows(hdf5::File& file, const char* name, const MapTable& table, std::int64_t width,
                Get get) {
  std::vector<T> values;
  for (const DumpSample& sample : table.samples) {
    const auto row = get(sample);
    if (static_cast<std::int64_t>(row.size()) != width)
      throw InternalError(fmt::format("{} values in a row of {} for {}", row.size(), width, name),
                          file.path());
    values.insert(values.end(), row.begin(), row.end());
  }
  file.write(name, std::span<const T>(values),
             {table.samples.size(), static_cast<std::uint64_t>(width)});
}

void write_sizes(hdf5::File& file, const char* name, const MapTable& table,
                 ImageSize DumpSample::*member) {
  write_rows<std::uint32_t>(file, name, table, 2, [member](const DumpSample& sample) {
    const ImageSize size = sample.*member;
    return std::vector<std::uint32_t>{checked_cast<std::uint32_t>(size.height),
                                      checked_cast<std::uint32_t>(size.width)};
  });
}

void write_paths(hdf5::File& file, const MapTable& table) {
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint64_t> offsets = {0};
  for (const DumpSample& sample : table.samples) {
    bytes.insert(bytes.end(), sample.path.begin(), sample.path.end());
    offsets.push_back(bytes.size());
  }
  file.write("/path", bytes);
  file.write("/path_offset", offsets);
}

/// All of a data set, if it is what this program stores. HDF5 would convert other types, and read
/// what lies in other files or was made up by a header.
template <class T>
std::vector<T> read_exactly(const hdf5::File& file, const char* name, const hdf5::Shape& expected) {
  const hdf5::Shape shape = file.shape(name);
  if (shape != expected)
    throw_damaged(file, fmt::format("{} has shape [{}], not [{}]", name, fmt::join(shape, ", "),
                                    fmt::join(expected, ", ")));
  if (file.element_type(name) != hdf5::type_of<T>())
    throw_damaged(file, fmt::format("{} holds elements of another type", name));
  if (!file.is_contiguous(name))
    throw_damaged(file, fmt::format("{} is not stored in one piece", name));
  return file.read<T>(name);
}

template <class T>
std::vector<T> read_column(const hdf5::File& file, const char* name, std::uint64_t rows,
                           std::int64_t width = 0) {
  hdf5::Shape expected = {rows};
  if (width > 0) expected.push_back(static_cast<std::uint64_t>(width));
  return read_exactly<T>(file, name, expected);
}

/// A one-dimensional data set of any length.
template <class T>
std::vector<T> read_list(const hdf5::File& file, const char* name) {
  const hdf5::Shape shape = file.shape(name);
  if (shape.size() != 1)
    throw_damaged(file, fmt::format("{} has {} dimensions, not 1", name, shape.size()));
  return read_exactly<T>(file, name, shape);
}

template <class T>
std::vector<T> row_of(const std::vector<T>& values, std::size_t row, std::int64_t width) {
  const auto first = values.begin() + static_cast<std::ptrdiff_t>(row) * width;
  return std::vector<T>(first, first + width);
}

void read_sizes(const hdf5::File& file, const char* name, MapTable& table,
                ImageSize DumpSample::*member) {
  const auto values = read_column<std::uint32_t>(file, name, table.samples.size(), 2);
  for (std::size_t i = 0; i < table.samples.size(); ++i)
    table.samples[i].*member = {values[2 * i], values[2 * i + 1]};
}

void read_paths(const hdf5::File& file, MapTable& table) {
  const auto bytes = read_list<std::uint8_t>(file, "/path");
  const auto offsets = read_column<std::uint64_t>(file, "/path_offset", table.samples.size() + 1);
  if (offsets.front() != 0 || offsets.back() != bytes.size() ||
      !std::is_sorted(offsets.begin(), offsets.end()))
    throw_damaged(file, "/path_offset does not fit /path");
  for (std::size_t i = 0; i < table.samples.size(); ++i) {
    table.samples[i].path.assign(bytes.begin() + static_cast<std::ptrdiff_t>(offsets[i]),
                                 bytes.begin() + static_cast<std::ptrdiff_t>(offsets[i + 1]));
  }
}

template <class T, class Set>
void read_into(const hdf5::File& file, const char* name, MapTable& table, Set set) {
  const auto values = read_column<T>(file, name, table.samples.size());
  for (std::size_t i = 0; i < table.samples.size(); ++i) set(i, values[i]);
}

void read_sample_numbers(const hdf5::File& file, MapTable& table) {
  auto& s = table.samples;
  read_into<std::uint64_t>(file, "/sample_id", table, [&](std::size_t i, std::uint64_t id) {
    if (id > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      throw_damaged(file, fmt::format("sample id {} in row {}", id, i));
    s[i].sample_id = static_cast<std::int64_t>(id);
  });
  read_into<std::int32_t>(file, "/label", table, [&](auto i, auto v) { s[i].label = v; });
  read_into<float>(file, "/log_z", table, [&](auto i, auto v) { s[i].log_z = v; });
  read_into<std::int32_t>(file, "/true_rank", table, [&](auto i, auto v) { s[i].true_rank = v; });
  read_into<std::uint8_t>(file, "/orientation", table,
                          [&](auto i, auto v) { s[i].orientation = v; });
  read_into<std::uint8_t>(file, "/orientation_applied", table,
                          [&](auto i, auto v) { s[i].orientation_applied = v; });
  read_into<std::uint64_t>(file, "/image_hash", table,
                           [&](auto i, auto v) { s[i].image_hash = v; });
  for (const MapField field : table.facts.fields()) {
    read_into<std::uint64_t>(file, names_of(field).start, table,
                             [&](auto i, auto v) { table.places[i].start[field] = v; });
    read_into<std::uint64_t>(file, names_of(field).hash, table,
                             [&](auto i, auto v) { s[i].hash[field] = v; });
  }
}

void read_sample_rows(const hdf5::File& file, MapTable& table) {
  const DumpFacts& facts = table.facts;
  const std::uint64_t rows = table.samples.size();
  const std::int64_t q = facts.num_queries;
  const std::int64_t top = std::min(kNumTopClasses, facts.class_count);
  const auto query = read_column<std::int32_t>(file, "/query", rows, q);
  const auto logit = read_column<float>(file, "/logit", rows, q);
  const auto top_class = read_column<std::int32_t>(file, "/top_class", rows, top);
  const auto top_logit = read_column<float>(file, "/top_logit", rows, top);
  std::vector<float> all;
  if (file.exists("/logits_all"))
    all = read_column<float>(file, "/logits_all", rows, facts.class_count);
  for (std::size_t i = 0; i < table.samples.size(); ++i) {
    DumpSample& sample = table.samples[i];
    sample.query = row_of(query, i, q);
    sample.logit = row_of(logit, i, q);
    sample.top_class = row_of(top_class, i, top);
    sample.top_logit = row_of(top_logit, i, top);
    if (!all.empty()) sample.logits_all = row_of(all, i, facts.class_count);
  }
}

/// Where a color scale of all samples ends.
double read_scale(const hdf5::File& file, const char* name) {
  const auto value = file.number<float>("/", name);
  if (!(value >= 0) || std::isinf(value))
    throw_damaged(file, fmt::format("attribute {} is {}", name, value));
  return static_cast<double>(value);
}

bool logits_are_finite(const DumpSample& sample) {
  const auto finite = [](float value) { return std::isfinite(value); };
  return finite(sample.log_z) && std::all_of(sample.logit.begin(), sample.logit.end(), finite) &&
         std::all_of(sample.top_logit.begin(), sample.top_logit.end(), finite) &&
         std::all_of(sample.logits_all.begin(), sample.logits_all.end(), finite);
}

void check_sample(const hdf5::File& file, const MapTable& table, std::size_t row) {
  const DumpSample& sample = table.samples[row];
  const DumpFacts& facts = table.facts;
  const auto bad = [&](const std::string& what) {
    throw_bad_sample(file.path(), sample.sample_id, what);
  };
  const auto in_range = [&](std::int32_t c) { return c >= 0 && c < facts.class_count; };
  if (sample.label != -1 && !in_range(sample.label))
    bad(fmt::format("label {} of {} classes", sample.label, facts.class_count));
  if (!std::all_of(sample.query.begin(), sample.query.end(), in_range) ||
      !std::all_of(sample.top_class.begin(), sample.top_class.end(), in_range))
    bad("a class number out of range");
  if (sample.true_rank != -1 && !in_range(sample.true_rank))
    bad(fmt::format("rank {} of {} classes", sample.true_rank, facts.class_count));
  if (!logits_are_finite(sample)) bad("a logit is not finite");
  for (const ImageSize& size : {sample.source_size, sample.resized_size, sample.padded_size})
    if (size.height < 1 || size.width < 1) bad("a picture without pixels");
  if (sample.grid.height < 1 || sample.grid.width < 1 ||
      sample.grid.height > sample.grid_full.height || sample.grid.width > sample.grid_full.width)
    bad(fmt::format("grid {} x {} in one of {} x {}", sample.grid.height, sample.grid.width,
                    sample.grid_full.height, sample.grid_full.width));
  if (sample.grid.height > kLongestSide || sample.grid.width > kLongestSide)
    bad(fmt::format("a grid of {} x {} cells", sample.grid.height, sample.grid.width));
  const auto cells = static_cast<std::uint64_t>(sample.grid.area());
  for (const MapField field : facts.fields()) {
    const std::uint64_t total = table.elements[field];
    const std::uint64_t start = table.places[row].start[field];
    // A division, so that no product wraps around: sides and counts of maps are bounded.
    const std::uint64_t units = field == MapField::kEncoder ? cells * cells : cells;
    const auto maps = static_cast<std::uint64_t>(facts.elements(field, {1, 1}));
    if (maps == 0 || start > total || units > (total - start) / maps)
      bad(fmt::format("{} {} and a grid of {} x {} cells leave the {} elements of {}",
                      names_of(field).start, start, sample.grid.height, sample.grid.width, total,
                      names_of(field).elements));
  }
}

}  // namespace

void write_table(hdf5::File& file, const MapTable& table) {
  const DumpFacts& facts = table.facts;
  const auto& s = table.samples;
  const auto top = std::min(kNumTopClasses, facts.class_count);
  file.set_numbers<std::int32_t>("/map", "block",
                                 {checked_cast<std::int32_t>(facts.num_layers()),
                                  checked_cast<std::int32_t>(facts.num_queries),
                                  checked_cast<std::int32_t>(facts.num_heads())});
  if (!facts.encoder_layers.empty())
    file.set_numbers(names_of(MapField::kEncoder).elements, "layers", facts.encoder_layers);
  for (const MapField field : facts.fields()) {
    write_column<std::uint64_t>(file, names_of(field).start, table,
                                [&](auto i) { return table.places[i].start[field]; });
    write_column<std::uint64_t>(file, names_of(field).hash, table,
                                [&](auto i) { return s[i].hash[field]; });
  }
  write_sizes(file, "/grid", table, &DumpSample::grid);
  write_column<std::uint64_t>(file, "/sample_id", table,
                              [&](auto i) { return checked_cast<std::uint64_t>(s[i].sample_id); });
  write_column<std::int32_t>(file, "/label", table, [&](auto i) { return s[i].label; });
  write_rows<std::int32_t>(file, "/query", table, facts.num_queries,
                           [](const DumpSample& sample) { return sample.query; });
  write_rows<float>(file, "/logit", table, facts.num_queries,
                    [](const DumpSample& sample) { return sample.logit; });
  write_rows<std::int32_t>(file, "/top_class", table, top,
                           [](const DumpSample& sample) { return sample.top_class; });
  write_rows<float>(file, "/top_logit", table, top,
                    [](const DumpSample& sample) { return sample.top_logit; });
  write_column<float>(file, "/log_z", table, [&](auto i) { return s[i].log_z; });
  write_column<std::int32_t>(file, "/true_rank", table, [&](auto i) { return s[i].true_rank; });
  write_sizes(file, "/source_size", table, &DumpSample::source_size);
  write_sizes(file, "/resized_size", table, &DumpSample::resized_size);
  write_sizes(file, "/padded_size", table, &DumpSample::padded_size);
  write_sizes(file, "/grid_full", table, &DumpSample::grid_full);
  write_column<std::uint8_t>(file, "/orientation", table, [&](auto i) { return s[i].orientation; });
  write_column<std::uint8_t>(file, "/orientation_applied", table,
                             [&](auto i) { return s[i].orientation_applied; });
  write_column<std::uint64_t>(file, "/image_hash", table, [&](auto i) { return s[i].image_hash; });
  write_paths(file, table);
  if (!s.empty() && !s.front().logits_all.empty())
    write_rows<float>(file, "/logits_all", table, facts.class_count,
                      [](const DumpSample& sample) { return sample.logits_all; });
  if (table.kind == MapFileKind::kIndex) {
    write_column<std::uint32_t>(file, "/piece", table,
                                [&](auto i) { return table.places[i].piece; });
    write_column<std::uint32_t>(file, "/row", table, [&](auto i) { return table.places[i].row; });
  }
  if (table.kind != MapFileKind::kPiece) file.write_strings("/classes", facts.classes);
  write_facts(file, facts);
  if (table.kind != MapFileKind::kMerged) file.set_text("/", "plan_id", facts.plan_id);
  if (table.kind == MapFileKind::kPiece) {
    file.set_number("/", "piece", table.piece);
    file.set_number("/", "piece_count", table.piece_count);
  } else {
    file.set_number("/", "peak_p99", static_cast<float>(facts.peak_p99));
    file.set_number("/", "contrast_p99", static_cast<float>(facts.contrast_p99));
    if (facts.rollout) file.set_number("/", "rollout_p99", static_cast<float>(facts.rollout_p99));
    if (facts.values) file.set_number("/", "value_p99", static_cast<float>(facts.value_p99));
  }
  file.set_text("/", "creator", "intr " + version());
  if (!facts.complete)
    file.set_number("/", "samples_planned", checked_cast<std::uint64_t>(facts.samples_planned));
  file.set_number("/", "complete", static_cast<std::uint8_t>(facts.complete ? 1 : 0));
}

MapTable read_table(const hdf5::File& file) {
  MapTable table;
  table.facts = read_facts(file);
  table.kind = file.has_attribute("/", "piece") ? MapFileKind::kPiece
               : file.exists("/piece")          ? MapFileKind::kIndex
                                                : MapFileKind::kMerged;
  for (const MapField field : table.facts.fields()) {
    const hdf5::Shape shape = file.shape(names_of(field).elements);
    if (shape.size() != 1)
      throw_damaged(
          file, fmt::format("{} has {} dimensions, not 1", names_of(field).elements, shape.size()));
    table.elements[field] = shape[0];
  }
  // Read before memory is taken for all columns: a damaged size shows here.
  const auto ids = read_list<std::uint64_t>(file, "/sample_id");
  if (ids.empty() || ids.size() > table.elements[MapField::kMap])
    throw_damaged(file, "/map and /sample_id do not fit each other");
  table.samples.resize(ids.size());
  table.places.resize(ids.size());
  read_sample_numbers(file, table);
  read_sample_rows(file, table);
  read_sizes(file, "/grid", table, &DumpSample::grid);
  read_sizes(file, "/source_size", table, &DumpSample::source_size);
  read_sizes(file, "/resized_size", table, &DumpSample::resized_size);
  read_sizes(file, "/padded_size", table, &DumpSample::padded_size);
  read_sizes(file, "/grid_full", table, &DumpSample::grid_full);
  read_paths(file, table);
  if (table.kind == MapFileKind::kPiece) {
    table.piece = file.number<std::uint32_t>("/", "piece");
    table.piece_count = file.number<std::uint32_t>("/", "piece_count");
  } else {
    table.facts.classes = file.read_strings("/classes");
    if (static_cast<std::int64_t>(table.facts.classes.size()) != table.facts.class_count)
      throw_damaged(file, "/classes and class_count do not fit each other");
    table.facts.peak_p99 = read_scale(file, "peak_p99");
    table.facts.contrast_p99 = read_scale(file, "contrast_p99");
    if (table.facts.rollout) table.facts.rollout_p99 = read_scale(file, "rollout_p99");
    if (table.facts.values) table.facts.value_p99 = read_scale(file, "value_p99");
  }
  if (table.kind == MapFileKind::kIndex) {
    read_into<std::uint32_t>(file, "/piece", table,
                             [&](auto i, auto v) { table.places[i].piece = v; });
    read_into<std::uint32_t>(file, "/row", table, [&](auto i, auto v) { table.places[i].row = v; });
  }
  for (std::size_t i = 0; i < table.samples.size(); ++i) check_sample(file, table, i);
  return table;
}

void throw_bad_sample(const std::string& file, std::int64_t sample_id, const std::string& what) {
  throw DataError(fmt::format("sample {}: {}", sample_id, what), file, kNext);
}

}  // namespace intr

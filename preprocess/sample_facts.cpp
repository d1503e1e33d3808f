// SPDX-License-Identifier: Apache-2.0
#include "preprocess/sample_facts.h"

#include <fmt/format.h>

#include <cmath>

#include "intr/core/printable.h"
#include "intr/data/shard_format.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t N>
std::string word_of(const std::array<const char*, N>& names, std::uint8_t value) {
  return value < N ? names[value] : "unknown";
}

std::string hex(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

/// The shortest number that is this float: 12.3, not 12.300000190734863.
Json number_or_null(float value) {
  return std::isfinite(value) ? Json(std::stod(fmt::format("{}", value))) : Json();
}

Json box_json(const SampleColumns& columns, std::size_t row) {
  if (columns.box.empty() || std::isnan(columns.box[4 * row])) return {};
  const float* box = &columns.box[4 * row];
  return {{"x", number_or_null(box[0])},
          {"y", number_or_null(box[1])},
          {"width", number_or_null(box[2])},
          {"height", number_or_null(box[3])}};
}

Json parts_json(const SampleColumns& columns, std::size_t row) {
  if (columns.part_names.empty()) return {};
  Json parts = Json::array();
  const std::size_t count = columns.part_names.size();
  for (std::size_t part = 0; part < count; ++part) {
    const std::size_t place = row * count + part;
    parts.push_back({{"part", columns.part_names[part]},
                     {"x", number_or_null(columns.part_xy[2 * place])},
                     {"y", number_or_null(columns.part_xy[2 * place + 1])},
                     {"visible", columns.part_visible[place] != 0}});
  }
  return parts;
}

}  // namespace

std::vector<std::string> flag_names(std::uint32_t flags) {
  std::vector<std::string> names;
  for (std::size_t bit = 0; bit < shard_format::kFlagNames.size(); ++bit)
    if ((flags >> bit & 1u) != 0) names.emplace_back(shard_format::kFlagNames[bit]);
  return names;
}

std::string codec_word(std::uint8_t codec) { return word_of(shard_format::kCodecNames, codec); }
std::string mode_word(std::uint8_t mode) { return word_of(shard_format::kModeNames, mode); }

const std::string& class_of(const DataIndex& index, std::int64_t row) {
  return index.classes()[static_cast<std::size_t>(index.label(row))];
}

Json sample_identity(const DataIndex& index, std::int64_t row) {
  return {{"split", index.split()},
          {"sample", index.sample_id(row)},
          {"label", index.label(row)},
          {"class", class_of(index, row)},
          {"path", printable(index.path(row))}};
}

Json sample_facts(const DataIndex& index, std::int64_t row) {
  Json sample = sample_identity(index, row);
  sample["width"] = index.image_size(row).width;
  sample["height"] = index.image_size(row).height;
  sample["bytes"] = index.length(row);
  sample["codec"] = codec_word(index.codec(row));
  sample["mode"] = mode_word(index.mode(row));
  sample["orientation"] = index.orientation(row);
  sample["flags"] = flag_names(index.flags(row));
  sample["shard"] = index.shards()[static_cast<std::size_t>(index.shard_of(row))].file;
  return sample;
}

Json sample_columns_json(const DataIndex& index, std::int64_t row) {
  const auto place = static_cast<std::size_t>(row);
  const SampleColumns& columns = index.columns();
  const DataIndex::Shard& shard = index.shards()[static_cast<std::size_t>(index.shard_of(row))];
  Json sample = sample_facts(index, row);
  sample["stored_width"] = columns.width[place];
  sample["stored_height"] = columns.height[place];
  sample["hash"] = hex(columns.hash[place]);
  sample["source_hash"] = hex(columns.source_hash[place]);
  sample["begin"] = index.begin(row);
  if (shard.data_begin > 0) sample["byte_of_shard"] = shard.data_begin + index.begin(row);
  sample["box"] = box_json(columns, place);
  sample["parts"] = parts_json(columns, place);
  return sample;
}

}  // namespace intr

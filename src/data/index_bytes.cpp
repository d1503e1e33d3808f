// SPDX-License-Identifier: Apache-2.0
// The index as one rank gives it to another.
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "intr/core/error.h"
#include "intr/data/data_index.h"

namespace intr {
namespace {

using Json = nlohmann::json;

/// Calls visit with each column that travels, in order.
template <class Columns, class Begin, class Visit>
void for_each_column(Columns& columns, Begin& begin, const Visit& visit) {
  visit(columns.sample_id);
  visit(columns.hash);
  visit(begin);
  visit(columns.label);
  visit(columns.width);
  visit(columns.height);
  visit(columns.flags);
  visit(columns.codec);
  visit(columns.mode);
  visit(columns.orientation);
}

Json shard_json(const DataIndex::Shard& shard, const std::string& rest_hash) {
  return {shard.file,         shard.bytes,      shard.num_samples, shard.hash,       shard.plan_id,
          shard.first_sample, shard.data_begin, shard.label_map,   shard.data_bytes, rest_hash};
}

}  // namespace

std::string DataIndex::to_bytes() const {
  Json shards = Json::array();
  for (std::int64_t shard = 0; shard < std::ssize(shards_); ++shard)
    shards.push_back(shard_json(shards_[at(shard)], rest_hash(shard)));
  const Json facts = {{"set", Json::binary({set_.begin(), set_.end()})},
                      {"split", split_},
                      {"dataset_id", dataset_id_},
                      {"index_file", index_file_},
                      {"classes", classes_},
                      {"exif", decode_policy_.apply_exif},
                      {"gray16", decode_policy_.scale_gray16},
                      {"shards", shards},
                      {"rows", size()}};
  const std::vector<std::uint8_t> head = Json::to_msgpack(facts);
  const std::uint64_t head_bytes = head.size();
  std::string bytes(sizeof head_bytes, '\0');
  std::memcpy(bytes.data(), &head_bytes, sizeof head_bytes);
  bytes.append(head.begin(), head.end());
  for_each_column(columns_, begin_, [&](const auto& column) {
    bytes.append(reinterpret_cast<const char*>(column.data()), column.size() * sizeof column[0]);
  });
  return bytes;
}

DataIndex DataIndex::from_bytes(std::string_view bytes) {
  const auto take = [&](std::uint64_t count) {
    if (count > bytes.size()) throw InternalError("an index from another rank was cut");
    const std::string_view part = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return part;
  };
  std::uint64_t head_bytes = 0;
  std::memcpy(&head_bytes, take(sizeof head_bytes).data(), sizeof head_bytes);
  const std::string_view head = take(head_bytes);
  DataIndex index;
  try {
    const Json facts = Json::from_msgpack(head.begin(), head.end());
    const auto& set = facts.at("set").get_binary();
    index.set_.assign(set.begin(), set.end());
    facts.at("split").get_to(index.split_);
    facts.at("dataset_id").get_to(index.dataset_id_);
    facts.at("index_file").get_to(index.index_file_);
    facts.at("classes").get_to(index.classes_);
    index.decode_policy_ = {facts.at("exif").get<bool>(), facts.at("gray16").get<bool>(),
                            std::numeric_limits<std::int64_t>::max()};
    index.first_row_ = {0};
    for (const Json& shard : facts.at("shards")) {
      index.shards_.push_back({shard.at(0), shard.at(1), shard.at(2), shard.at(3), shard.at(4),
                               shard.at(5), shard.at(6),
                               shard.at(7).get<std::vector<std::int32_t>>(), shard.at(8)});
      index.rest_hashes_.push_back(shard.at(9));
      index.first_row_.push_back(index.first_row_.back() + index.shards_.back().num_samples);
    }
    const auto rows = facts.at("rows").get<std::size_t>();
    for_each_column(index.columns_, index.begin_, [&](auto& column) {
      using Value = typename std::remove_reference_t<decltype(column)>::value_type;
      const std::string_view values = take(rows * sizeof(Value));
      column.resize(rows);
      if (rows > 0) std::memcpy(column.data(), values.data(), values.size());
    });
  } catch (const Json::exception& error) {
    throw InternalError(std::string("an index from another rank cannot be read: ") + error.what());
  }
  index.columns_.path_offset.clear();
  if (!bytes.empty()) throw InternalError("an index from another rank is too long");
  return index;
}

}  // namespace intr

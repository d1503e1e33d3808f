// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/plan_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "intr/core/error.h"
#include "intr/core/hash.h"
#include "intr/io/atomic_file.h"
#include "intr/io/json_file.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kReferenceText = "reference";  // on disk: never rename

/// What decides the values in the dump, by name. One list serves ids, file and comparison.
Json content_fields(const DumpPlanFile& plan) {
  const DumpFacts& facts = plan.facts;
  Json fields = {{"model_hash", facts.model_hash}, {"dataset_id", facts.dataset_id},
                 {"split", facts.split},           {"selection", plan.selection},
                 {"layers", facts.layers},         {"heads", facts.heads},
                 {"queries", facts.queries},       {"logits", plan.logits},
                 {"dtype", name_of(facts.type)},   {"precision", facts.precision},
                 {"batching", facts.batching},     {"transform", facts.transform}};
  // Padded pictures depend on their batch mates.
  if (batching_of(facts) == EvaluationBatching::kReference) fields["batch_size"] = plan.batch_size;
  // Only where they are wanted: dumps without them keep the ids that version 1.0 gave them.
  if (facts.values) fields["values"] = "norm";
  if (facts.rollout) fields["encoder"] = "rollout";
  if (!facts.encoder_layers.empty()) fields["encoder"] = facts.encoder_layers;
  if (facts.is_signed) fields["signed"] = true;
  return fields;
}

Json order_fields(const DumpPlanFile& plan) {
  return {{"batch_size", plan.batch_size}, {"piece_samples", plan.piece_samples}};
}

constexpr const char* kNext = "the file was changed by hand or damaged: start in an empty folder";

/// A whole number from 0 on. The JSON library would turn -1 into 2^64 - 1, and 1.5 and true into 1.
std::int64_t whole_number(const Json& value, const char* name, const std::string& path) {
  if (value.is_number_unsigned() && std::in_range<std::int64_t>(value.get<std::uint64_t>()))
    return value.get<std::int64_t>();
  throw DataError(fmt::format("member '{}' holds {}, no whole number from 0 on", name,
                              value.dump().substr(0, 40)),
                  path, kNext);
}

std::int64_t count_of(const Json& object, const char* name, const std::string& path) {
  return whole_number(json_member<Json>(object, name, path), name, path);
}

Json array_of(const Json& object, const char* name, const std::string& path) {
  Json array = json_member<Json>(object, name, path);
  if (!array.is_array()) throw DataError(fmt::format("member '{}' is no list", name), path, kNext);
  return array;
}

MapType type_named(const std::string& name, const std::string& path) {
  for (const MapType type : {MapType::f16, MapType::f32})
    if (name == name_of(type)) return type;
  throw DataError(fmt::format("dtype '{}' is none of: f16, f32", name), path, kNext);
}

PlannedPiece read_piece(const Json& json, MapType type, const std::string& path) {
  PlannedPiece piece;
  for (const Json& id : array_of(json, "samples", path))
    piece.sample_ids.push_back(whole_number(id, "samples", path));
  piece.map_elements = static_cast<std::uint64_t>(count_of(json, "map_elements", path));
  // Version 1.0 stored maps alone.
  piece.bytes = json.contains("bytes")
                    ? static_cast<std::uint64_t>(count_of(json, "bytes", path))
                    : piece.map_elements * static_cast<std::uint64_t>(bytes_of(type));
  return piece;
}

/// @throws DataError naming a sample that is planned twice
void require_each_once(const std::vector<PlannedPiece>& pieces, const std::string& path) {
  std::vector<std::int64_t> ids;
  for (const PlannedPiece& piece : pieces)
    ids.insert(ids.end(), piece.sample_ids.begin(), piece.sample_ids.end());
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice != ids.end())
    throw DataError(fmt::format("sample {}: is planned twice", *twice), path, kNext);
}

}  // namespace

EvaluationBatching batching_of(const DumpFacts& facts) {
  return facts.batching == kReferenceText ? EvaluationBatching::kReference
                                          : EvaluationBatching::kOneSize;
}

std::string batching_text(EvaluationBatching batching) {
  return batching == EvaluationBatching::kReference ? kReferenceText : "bucket";
}

std::int64_t DumpPlanFile::num_samples() const noexcept {
  std::int64_t total = 0;
  for (const PlannedPiece& piece : pieces)
    total += static_cast<std::int64_t>(piece.sample_ids.size());
  return total;
}

std::uint64_t DumpPlanFile::map_bytes() const noexcept {
  std::uint64_t bytes = 0;
  for (const PlannedPiece& piece : pieces) bytes += piece.bytes;
  return bytes;
}

void identify(DumpPlanFile& plan) {
  const std::string content = content_fields(plan).dump();
  plan.facts.content_id = Hash128().add(std::string_view(content)).hex();
  plan.facts.plan_id = Hash128()
                           .add(std::string_view(content))
                           .add(std::string_view(order_fields(plan).dump()))
                           .hex();
}

Json to_json(const DumpPlanFile& plan) {
  const DumpFacts& facts = plan.facts;
  Json json = {{"format", std::string(kMapFormat) + "-plan"},
               {"format_version", {kMapFormatMajor, kMapFormatMinor}},
               {"content_id", facts.content_id},
               {"plan_id", facts.plan_id},
               {"content", content_fields(plan)},
               {"order", order_fields(plan)},
               {"model",
                {{"class_count", facts.class_count},
                 {"head_total", facts.head_total},
                 {"layer_total", facts.layer_total},
                 {"stride", facts.stride}}},
               {"stored_queries", facts.num_queries},
               {"samples", plan.num_samples()},
               {"map_bytes", plan.map_bytes()},
               {"classes", facts.classes}};
  Json pieces = Json::array();
  for (const PlannedPiece& piece : plan.pieces)
    pieces.push_back({{"map_elements", piece.map_elements},
                      {"bytes", piece.bytes},
                      {"samples", piece.sample_ids}});
  json["pieces"] = std::move(pieces);
  return json;
}

DumpPlanFile read_dump_plan(const std::string& folder) {
  const std::string path = folder + "/" + kPlanFileName;
  const Json json = read_json(path);
  const auto format = json_member<std::string>(json, "format", path);
  const auto version = json_member<std::vector<std::int64_t>>(json, "format_version", path);
  if (format != std::string(kMapFormat) + "-plan" || version.size() != 2 ||
      version[0] != kMapFormatMajor) {
    throw DataError(fmt::format("is {} {}, this program reads {}-plan {}.x", format,
                                fmt::join(version, "."), kMapFormat, kMapFormatMajor),
                    path, "use a matching version of these programs");
  }
  DumpPlanFile plan;
  DumpFacts& facts = plan.facts;
  const auto content = json_member<Json>(json, "content", path);
  const auto text = [&](const char* name) { return json_member<std::string>(content, name, path); };
  facts.model_hash = text("model_hash");
  facts.dataset_id = text("dataset_id");
  facts.split = text("split");
  plan.selection = text("selection");
  facts.layers = json_member<std::vector<std::int32_t>>(content, "layers", path);
  facts.heads = json_member<std::vector<std::int32_t>>(content, "heads", path);
  facts.queries = text("queries");
  plan.logits = text("logits");
  facts.type = type_named(text("dtype"), path);
  facts.precision = text("precision");
  facts.batching = text("batching");
  facts.transform = text("transform");
  facts.values = content.contains("values");
  if (content.contains("encoder")) {
    facts.rollout = content["encoder"].is_string();
    if (!facts.rollout)
      facts.encoder_layers = json_member<std::vector<std::int32_t>>(content, "encoder", path);
  }
  const auto order = json_member<Json>(json, "order", path);
  plan.batch_size = count_of(order, "batch_size", path);
  plan.piece_samples = count_of(order, "piece_samples", path);
  const auto model = json_member<Json>(json, "model", path);
  facts.class_count = count_of(model, "class_count", path);
  facts.head_total = count_of(model, "head_total", path);
  facts.layer_total = count_of(model, "layer_total", path);
  facts.stride = count_of(model, "stride", path);
  facts.num_queries = count_of(json, "stored_queries", path);
  facts.classes = json_member<std::vector<std::string>>(json, "classes", path);
  if (std::ssize(facts.classes) != facts.class_count)
    throw DataError(fmt::format("names {} classes of {}", facts.classes.size(), facts.class_count),
                    path, kNext);
  for (const Json& piece : array_of(json, "pieces", path))
    plan.pieces.push_back(read_piece(piece, facts.type, path));
  require_each_once(plan.pieces, path);
  identify(plan);
  if (facts.content_id != json_member<std::string>(json, "content_id", path) ||
      facts.plan_id != json_member<std::string>(json, "plan_id", path))
    throw DataError("the fields do not match their id: the file was changed", path,
                    "start again in an empty folder");
  return plan;
}

bool place_dump_plan(const std::string& folder, const DumpPlanFile& plan) {
  return write_new_file(folder + "/" + kPlanFileName, to_json(plan).dump(1) + "\n");
}

std::string plan_difference(const DumpPlanFile& there, const DumpPlanFile& wanted) {
  std::vector<std::string> differences;
  const auto compare = [&](const Json& a, const Json& b) {
    const auto text = [](const Json& fields, const std::string& name) {
      return fields.contains(name) ? fields.at(name).dump() : std::string("not stored");
    };
    Json names = a;
    names.update(b);
    for (const auto& [name, ignored] : names.items()) {
      const std::string difference =
          fmt::format("{} is {} there and {} here", name, text(a, name), text(b, name));
      if (text(a, name) != text(b, name) &&
          std::find(differences.begin(), differences.end(), difference) == differences.end())
        differences.push_back(difference);
    }
  };
  compare(content_fields(there), content_fields(wanted));
  compare(order_fields(there), order_fields(wanted));
  return fmt::format("{}", fmt::join(differences, "; "));
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "inspection.h"
#include "intr/core/printable.h"

namespace intr {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json architecture_json(const std::optional<Architecture>& known) {
  if (!known) return {};
  const Architecture& a = *known;
  Json json = {{"backbone", a.backbone}, {"backbone_stages", a.backbone_stages}};
  if (!a.complete) return json;
  json.update(Json{{"hidden_dim", a.hidden_dim},
                   {"enc_layers", a.enc_layers},
                   {"dec_layers", a.dec_layers},
                   {"dim_feedforward", a.dim_feedforward},
                   {"num_queries", a.num_queries},
                   {"pre_norm", a.pre_norm},
                   {"position_embedding", a.position_embedding}});
  return json;
}

Json statistics_json(const TensorStatistics& s) {
  return {{"min", or_null(s.minimum)},
          {"max", or_null(s.maximum)},
          {"mean", or_null(s.mean)},
          {"std", or_null(s.deviation)},
          {"nan", s.num_nan},
          {"inf", s.num_infinite},
          {"xxh3", fmt::format("{:016x}", s.xxh3)}};
}

Json tensors_json(const Inspection& inspection) {
  Json tensors = Json::array();
  for (const TensorEntry& entry : inspection.file.entries()) {
    Json tensor = {{"name", entry.name},
                   {"type", entry.type_name},
                   {"shape", entry.shape},
                   {"bytes", entry.bytes}};
    if (!entry.is_row_major()) tensor["stride"] = entry.stride;
    const auto alias = inspection.alias_of.find(entry.name);
    if (alias != inspection.alias_of.end()) tensor["alias_of"] = alias->second;
    const auto found = inspection.statistics.find(entry.name);
    if (found != inspection.statistics.end()) tensor["statistics"] = statistics_json(found->second);
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

Json value_json(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean:
      return value.as_boolean();
    case Value::Kind::integer:
      return value.as_integer();
    case Value::Kind::real:
      return value.as_real();
    case Value::Kind::text:
      return std::string(value.as_text());
    default:
      return {};
  }
}

}  // namespace

Json inspection_json(const Inspection& inspection) {
  const WeightFile& file = inspection.file;
  Json values = Json::object();
  file.for_each_value(
      [&](const std::string& path, const Value& value) { values[path] = value_json(value); });
  Json dropped = Json::array();
  if (inspection.weights)
    for (const DroppedKey& key : inspection.weights->dropped)
      dropped.push_back({{"key", key.key}, {"why", key.why}});
  const WeightReport& report = file.report();
  Json json = {
      {"file", printable(file.path())},
      {"format", name_of(file.format())},
      {"bytes", file.file_bytes()},
      {"family", inspection.weights ? Json(name_of(inspection.weights->family)) : Json()},
      {"architecture", architecture_json(inspection.architecture)},
      {"model", model_json(inspection.facts)},
      {"classes", inspection.facts.classes ? Json(inspection.facts.classes->value) : Json()},
      {"parameters", inspection.parameters},
      {"tensors", tensors_json(inspection)},
      {"dropped", dropped},
      {"values", values},
      {"metadata", file.metadata()},
      {"constructors", report.constructors},
      {"opcodes", report.opcodes},
      {"ignored", report.ignored},
      {"notes", inspection.notes}};
  if (!inspection.sha256.empty()) json["sha256"] = inspection.sha256;
  return json;
}

}  // namespace intr

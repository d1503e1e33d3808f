// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "intr/core/error.h"

namespace intr {

namespace {

using Json = nlohmann::ordered_json;

const char* name_of(CellOrder order) {
  constexpr std::array kNames = {"map", "random_1", "random_2", "random_3", "center"};
  static_assert(kNames.size() == kCellOrders.size());
  return kNames[static_cast<std::size_t>(order)];
}

[[noreturn]] void refuse(const std::string& what) {
  throw DataError(fmt::format("no scores of a sample: {}", what));
}

/// JSON has no word for what is not finite.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

double number(const Json& json) {
  if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!json.is_number()) refuse(fmt::format("'{}' is no number", json.dump()));
  return json.get<double>();
}

float small_number(const Json& json) {
  const double value = number(json);
  if (std::abs(value) > static_cast<double>(std::numeric_limits<float>::max()))
    refuse(fmt::format("'{}' is too large", json.dump()));
  return static_cast<float>(value);
}

/// The library would cut fractions off and wrap what is too large.
template <class Whole>
Whole whole(const Json& json, Whole lowest, Whole highest = std::numeric_limits<Whole>::max()) {
  const bool wraps =
      json.is_number_unsigned() && !std::in_range<std::int64_t>(json.get<std::uint64_t>());
  if (!json.is_number_integer() || wraps || json.get<std::int64_t>() < lowest ||
      json.get<std::int64_t>() > highest)
    refuse(fmt::format("'{}' is no whole number from {} to {}", json.dump(), lowest, highest));
  return static_cast<Whole>(json.get<std::int64_t>());
}

bool truth(const Json& json) {
  if (!json.is_boolean()) refuse(fmt::format("'{}' is neither true nor false", json.dump()));
  return json.get<bool>();
}

/// A list of whatever `convert` makes of its elements.
template <class Convert>
auto list_of(const Json& json, const Convert& convert) {
  if (!json.is_array()) refuse(fmt::format("'{}' is no list", json.dump()));
  std::vector<decltype(convert(json))> list;
  for (const Json& element : json) list.push_back(convert(element));
  return list;
}
std::vector<double> numbers(const Json& json) {
  return list_of(json, [](const Json& element) { return number(element); });
}
std::vector<float> small_numbers(const Json& json) { return list_of(json, small_number); }

template <class Values>
Json json_of(const Values& values) {
  Json list = Json::array();
  for (const auto value : values) list.push_back(number(static_cast<double>(value)));
  return list;
}

Json json_of(const Curve& curve) {
  Json json{{"probability", Json::array()}, {"margin", Json::array()}};
  for (const TargetScore& point : curve) {
    json["probability"].push_back(number(point.probability));
    json["margin"].push_back(number(point.margin));
  }
  return json;
}
Curve curve_of(const Json& json) {
  const std::vector<double> probability = numbers(json.at("probability"));
  const std::vector<double> margin = numbers(json.at("margin"));
  Curve curve;
  if (probability.size() != curve.size() || margin.size() != curve.size())
    refuse(fmt::format("a curve has {} and {} points, not {}", probability.size(), margin.size(),
                       curve.size()));
  for (std::size_t t = 0; t < curve.size(); ++t) curve[t] = {probability[t], margin[t]};
  return curve;
}

Json json_of(const SampleCurves& curves) {
  Json json;
  for (const CurveKind kind : kCurveKinds)
    for (const CellOrder order : kCellOrders)
      json[name_of(kind)][name_of(order)] = json_of(curves.at(kind, order));
  return json;
}
SampleCurves curves_of(const Json& json) {
  SampleCurves curves;
  for (const CurveKind kind : kCurveKinds)
    for (const CellOrder order : kCellOrders)
      curves.at(kind, order) = curve_of(json.at(name_of(kind)).at(name_of(order)));
  return curves;
}

Json json_of(const HeadScores& heads) {
  Json flips = Json::array();
  for (const std::uint8_t flip : heads.flips) flips.push_back(flip != 0);
  return {{"effect", json_of(heads.effect)},
          {"flips", flips},
          {"effect_of_all", number(heads.effect_of_all)},
          {"flips_without_all", heads.flips_without_all},
          {"removed", heads.removed},
          {"margins", json_of(heads.margins)}};
}
HeadScores heads_of(const Json& json) {
  HeadScores heads;
  heads.effect = numbers(json.at("effect"));
  for (const bool flip : list_of(json.at("flips"), truth)) heads.flips.push_back(flip ? 1 : 0);
  heads.effect_of_all = number(json.at("effect_of_all"));
  heads.flips_without_all = truth(json.at("flips_without_all"));
  const auto last = static_cast<std::int32_t>(heads.effect.size()) - 1;
  heads.removed = list_of(json.at("removed"),
                          [&](const Json& head) { return whole<std::int32_t>(head, 0, last); });
  heads.margins = numbers(json.at("margins"));
  if (heads.flips.size() != heads.effect.size() || heads.margins.size() != heads.removed.size())
    refuse("lists of heads differ in size");
  for (const std::int32_t head : heads.removed)
    if (std::ranges::count(heads.removed, head) > 1)
      refuse(fmt::format("head {} is removed twice", head));
  return heads;
}

Json json_of(const ValueScores& values) {
  Json json{{"rank_correlation", number(values.rank_correlation)},
            {"length_rank_correlation", number(values.length_rank_correlation)},
            {"negative_share", number(values.negative_share)},
            {"completeness_error", number(values.completeness_error)}};
  if (!values.map.empty()) json["map"] = json_of(values.map);
  return json;
}
ValueScores values_of(const Json& json) {
  ValueScores values;
  values.rank_correlation = number(json.at("rank_correlation"));
  values.length_rank_correlation = number(json.at("length_rank_correlation"));
  values.negative_share = number(json.at("negative_share"));
  values.completeness_error = number(json.at("completeness_error"));
  if (json.contains("map")) values.map = small_numbers(json.at("map"));
  return values;
}

Json json_of(const RandomizationScores& scores) {
  Json json{{"uniform_cosine", number(scores.uniform_cosine)},
            {"box_uniform", number(scores.box_uniform)},
            {"stages", Json::array()}};
  for (const StageScores& stage : scores.stages)
    json["stages"].push_back({{"rank_correlation", number(stage.rank_correlation)},
                              {"cosine", number(stage.cosine)},
                              {"box_mass", number(stage.box_mass)}});
  return json;
}
RandomizationScores randomization_of(const Json& json) {
  RandomizationScores scores;
  scores.uniform_cosine = number(json.at("uniform_cosine"));
  scores.box_uniform = number(json.at("box_uniform"));
  scores.stages = list_of(json.at("stages"), [](const Json& stage) {
    return StageScores{number(stage.at("rank_correlation")), number(stage.at("cosine")),
                       number(stage.at("box_mass"))};
  });
  return scores;
}

}  // namespace

const char* name_of(CurveKind kind) noexcept {
  return kind == CurveKind::kDeletion ? "deletion" : "insertion";
}

nlohmann::ordered_json to_json(const ModelSampleScores& scores) {
  Json json{{"sample", scores.sample_id},
            {"label", scores.label},
            {"predicted", scores.predicted},
            {"target", scores.target},
            {"logits", json_of(scores.logits)}};
  if (scores.curves) json["curves"] = json_of(*scores.curves);
  if (scores.heads) json["heads"] = json_of(*scores.heads);
  if (scores.values) json["values"] = json_of(*scores.values);
  if (scores.randomization) json["randomization"] = json_of(*scores.randomization);
  return json;
}

ModelSampleScores model_sample_scores(const nlohmann::ordered_json& json) {
  ModelSampleScores scores;
  scores.sample_id = whole<std::int64_t>(json.at("sample"), 0);
  scores.label = whole<std::int32_t>(json.at("label"), -1);
  scores.predicted = whole<std::int32_t>(json.at("predicted"), -1);
  scores.target = whole<std::int32_t>(json.at("target"), -1);
  scores.logits = small_numbers(json.at("logits"));
  if (json.contains("curves")) scores.curves = curves_of(json["curves"]);
  if (json.contains("heads")) scores.heads = heads_of(json["heads"]);
  if (json.contains("values")) scores.values = values_of(json["values"]);
  if (json.contains("randomization"))
    scores.randomization = randomization_of(json["randomization"]);
  return scores;
}

}  // namespace intr

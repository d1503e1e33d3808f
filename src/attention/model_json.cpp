// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_json.h"

#include "intr/attention/estimate_json.h"

namespace intr {

namespace {

using Json = nlohmann::ordered_json;

Json curves_json(const ModelSummary& summary) {
  Json curves = Json::array();
  for (const CurveSummary& curve : summary.curves) {
    Json points = Json::array();
    for (const CurvePoint& point : curve.points)
      points.push_back({{"share", point.share},
                        {"probability", json_of(point.probability)},
                        {"margin", json_of(point.margin)},
                        {"probability_normalized", json_of(point.probability_normalized)},
                        {"margin_normalized", json_of(point.margin_normalized)}});
    curves.push_back({{"kind", curve.kind}, {"order", curve.order}, {"points", points}});
  }
  return curves;
}

Json randomization_json(const ModelSummary& summary) {
  Json stages = Json::array();
  for (const RandomizationStage& stage : summary.randomization)
    stages.push_back({{"name", stage.name},
                      {"rank_correlation", json_of(stage.rank_correlation)},
                      {"cosine", json_of(stage.cosine)},
                      {"box_mass", json_of(stage.box_mass)}});
  return {{"samples", summary.randomization_samples},
          {"uniform_cosine", json_of(summary.uniform_cosine)},
          {"box_uniform", json_of(summary.box_uniform)},
          {"stages", stages}};
}

Json temperature_json(const TemperatureFit& fit) {
  if (fit.n == 0) return nullptr;
  return {{"n", fit.n},
          {"temperature", json_number(fit.temperature)},
          {"loss_before", json_number(fit.loss_before)},
          {"loss_after", json_number(fit.loss_after)},
          {"error_before", json_number(fit.error_before)},
          {"error_after", json_number(fit.error_after)}};
}

}  // namespace

nlohmann::ordered_json model_json(const ModelSummary& summary,
                                  const nlohmann::ordered_json& options) {
  Json json{{"format", kModelScoresFormat},
            {"format_version", {1, 0}},
            {"content_id", summary.content_id},
            {"model_hash", summary.model_hash},
            {"dataset_id", summary.dataset_id},
            {"split", summary.split},
            {"precision", summary.precision},
            {"complete", summary.complete},
            {"samples_in_dump", summary.samples_in_dump},
            {"samples_planned", summary.samples_planned},
            {"options", options},
            {"layer", summary.layer},
            {"target", summary.target},
            {"map", summary.map},
            {"ablation", summary.ablation},
            {"heads", summary.heads},
            {"samples", summary.num_samples},
            {"labeled", summary.labeled},
            {"hits", summary.hits},
            {"without_target", summary.without_target},
            {"without_map", summary.without_map},
            {"forward_passes", summary.forward_passes},
            {"replicates", summary.replicates},
            {"seed", summary.seed}};
  json["measures"] = Json::array();
  for (const MeasureSummary& measure : summary.measures)
    json["measures"].push_back(json_of(measure, summary.heads));
  json["curves"] = curves_json(summary);
  json["randomization"] = randomization_json(summary);
  json["temperature"] = temperature_json(summary.temperature);
  return json;
}

}  // namespace intr

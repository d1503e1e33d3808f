// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/estimate_json.h"

#include <cmath>
#include <utility>

namespace intr {

using Json = nlohmann::ordered_json;

Json json_number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

Json json_of(const Estimate& estimate) {
  return {{"mean", json_number(estimate.mean)},
          {"low", json_number(estimate.low)},
          {"high", json_number(estimate.high)},
          {"n", estimate.n},
          {"n_nan", estimate.num_nan}};
}

Json json_of(const MeasureSummary& measure, const std::vector<std::int32_t>& heads) {
  Json json{{"id", measure.id},     {"version", measure.version},       {"title", measure.title},
            {"unit", measure.unit}, {"definition", measure.definition}, {"over", measure.over}};
  json.update(json_of(measure.all));
  if (!measure.heads.empty()) json["heads"] = Json::array();
  for (std::size_t n = 0; n < measure.heads.size(); ++n) {
    Json head{{"head", heads[n]}};
    head.update(json_of(measure.heads[n]));
    json["heads"].push_back(std::move(head));
  }
  for (const ScoreBaseline& baseline : measure.baselines) {
    json["baselines"][baseline.name] = json_of(baseline.value);
    json["baselines"][baseline.name]["difference"] = json_of(baseline.difference);
  }
  return json;
}

}  // namespace intr

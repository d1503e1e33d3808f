// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_json.h"

#include <utility>

#include "intr/attention/estimate_json.h"

namespace intr {

namespace {

using Json = nlohmann::ordered_json;

Json calibration_json(const ScoreSummary& summary) {
  Json bins = Json::array();
  for (const CalibrationBin& bin : summary.calibration)
    bins.push_back({{"above", bin.low},
                    {"to", bin.high},
                    {"n", bin.n},
                    {"probability", json_number(bin.confidence)},
                    {"accuracy", json_number(bin.accuracy)}});
  return bins;
}

Json parts_json(const ScoreSummary& summary) {
  const PartShares& parts = summary.part_shares;
  Json shares = Json::array();
  for (std::size_t n = 0; n < parts.shares.size(); ++n) {
    Json head{{"head", summary.heads[n]}, {"shares", Json::array()}};
    for (const Estimate& share : parts.shares[n]) head["shares"].push_back(json_number(share.mean));
    shares.push_back(std::move(head));
  }
  return {{"names", parts.parts}, {"samples", parts.visible}, {"nearest", shares}};
}

Json confusions_json(const ScoreSummary& summary) {
  Json confusions = Json::array();
  const auto name = [&](std::int32_t index) {
    return summary.classes.at(static_cast<std::size_t>(index));
  };
  for (const Confusion& confusion : summary.confusions)
    confusions.push_back({{"true", name(confusion.pair.label)},
                          {"predicted", name(confusion.pair.predicted)},
                          {"count", confusion.count}});
  return confusions;
}

}  // namespace

nlohmann::ordered_json score_json(const ScoreSummary& summary,
                                  const nlohmann::ordered_json& options) {
  Json json{{"format", "intr-scores"},
            {"format_version", {1, 0}},
            {"content_id", summary.content_id},
            {"model_hash", summary.model_hash},
            {"dataset_id", summary.dataset_id},
            {"split", summary.split},
            {"complete", summary.complete},
            {"samples_in_dump", summary.samples_in_dump},
            {"samples_planned", summary.samples_planned},
            {"options", options},
            {"layer", summary.layer},
            {"heads", summary.heads},
            {"samples", summary.num_samples},
            {"labeled", summary.labeled},
            {"hits", summary.hits},
            {"without_maps", summary.without_maps},
            {"boxes", summary.has_boxes},
            {"boxes_outside", summary.boxes_outside},
            {"parts", summary.has_parts}};
  json["measures"] = Json::array();
  for (const MeasureSummary& measure : summary.measures)
    json["measures"].push_back(json_of(measure, summary.heads));
  json["part_shares"] = parts_json(summary);
  json["calibration"] = calibration_json(summary);
  json["confusions"] = confusions_json(summary);
  return json;
}

}  // namespace intr

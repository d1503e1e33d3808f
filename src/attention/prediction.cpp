// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/prediction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "intr/attention/query_selection.h"
#include "intr/core/csv.h"
#include "intr/core/printable.h"

namespace intr {
namespace {

std::string name_of(const std::vector<std::string>& classes, std::int32_t index) {
  return printable(classes.at(static_cast<std::size_t>(index)));
}

}  // namespace

void score_classes(std::span<const float> logits, std::int64_t top,
                   const std::vector<std::int32_t>& asked, Prediction& prediction) {
  const std::vector<std::int32_t> ranked = rank_classes(logits);
  const auto logit_of = [&](std::int32_t c) {
    return static_cast<double>(logits[static_cast<std::size_t>(c)]);
  };
  const double best = logit_of(ranked.front());
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - best);
  const double log_z = best + std::log(sum);

  const auto list = [&](std::int64_t place) {
    const std::int32_t c = ranked[static_cast<std::size_t>(place)];
    prediction.classes.push_back(
        {c, place + 1, std::exp(logit_of(c) - log_z), logits[static_cast<std::size_t>(c)]});
  };
  const std::int64_t listed = std::min(top, std::ssize(ranked));
  for (std::int64_t place = 0; place < listed; ++place) list(place);
  for (const std::int32_t c : asked) {
    const auto place = std::find(ranked.begin(), ranked.end(), c) - ranked.begin();
    if (place >= listed) list(place);
  }
  prediction.entropy = log_z;
  for (const float logit : logits)
    prediction.entropy -= std::exp(static_cast<double>(logit) - log_z) * static_cast<double>(logit);
  if (ranked.size() > 1) prediction.margin = best - logit_of(ranked[1]);
}

nlohmann::ordered_json prediction_json(const Prediction& prediction,
                                       const std::vector<std::string>& classes) {
  nlohmann::ordered_json json = {{"path", printable(prediction.path)}};
  if (!prediction.error.empty()) {
    json["error"] = prediction.error;
    return json;
  }
  json["width"] = prediction.size.width;
  json["height"] = prediction.size.height;
  json["orientation"] = prediction.orientation;
  json["bytes_xxh3"] = fmt::format("{:016x}", prediction.hash);
  json["predictions"] = nlohmann::ordered_json::array();
  for (const ClassScore& one : prediction.classes)
    json["predictions"].push_back({{"class", name_of(classes, one.index)},
                                   {"index", one.index},
                                   {"rank", one.rank},
                                   {"score", one.score},
                                   {"logit", one.logit}});
  json["margin"] = prediction.margin;
  json["entropy"] = prediction.entropy;
  if (!prediction.figures.empty()) {
    json["maps"] = nlohmann::ordered_json::array();
    for (const std::string& file : prediction.figures) json["maps"].push_back(printable(file));
  }
  if (!prediction.logits.empty()) json["logits"] = prediction.logits;
  return json;
}

std::string predictions_csv(const std::vector<Prediction>& predictions,
                            const std::vector<std::string>& classes) {
  std::string text = "path,rank,class,index,score,logit\n";
  for (const Prediction& prediction : predictions)
    for (const ClassScore& one : prediction.classes)
      text +=
          fmt::format("{},{},{},{},{:.6g},{}\n", csv_field(printable(prediction.path)), one.rank,
                      csv_field(name_of(classes, one.index)), one.index, one.score, one.logit);
  return text;
}

std::string prediction_text(const Prediction& prediction, const std::vector<std::string>& classes) {
  std::string text = printable(prediction.path) + "\n";
  if (!prediction.error.empty()) return text + "  no prediction: " + prediction.error + "\n";
  std::size_t widest = 0;
  for (const ClassScore& one : prediction.classes)
    widest = std::max(widest, code_points(name_of(classes, one.index)).size());
  for (const ClassScore& one : prediction.classes) {
    const std::string name = name_of(classes, one.index);
    text += fmt::format("{:>5}  {}{}  {:5.1f} %  logit {:.3f}\n", one.rank, name,
                        std::string(widest - code_points(name).size(), ' '), 100 * one.score,
                        one.logit);
  }
  for (const std::string& file : prediction.figures)
    text += "       map: " + printable(file) + "\n";
  return text;
}

}  // namespace intr

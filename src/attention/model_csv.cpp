// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_csv.h"

#include <fmt/format.h>

#include <utility>

#include "intr/attention/model_measures.h"
#include "intr/attention/picture_names.h"
#include "intr/core/csv.h"
#include "intr/core/printable.h"

namespace intr {

namespace {

std::string name_field(const ModelScoreTable& table, std::int32_t class_index) {
  return class_index < 0 ? "" : csv_field(printable(class_name(table.facts, class_index)));
}

/// A letter before each number: of single numbers the gallery would make a column to sort by.
std::string removed_text(const ModelSampleScores& scores) {
  std::string text;
  if (!scores.heads) return text;
  for (const std::int32_t head : scores.heads->removed)
    text += fmt::format("{}h{}", text.empty() ? "" : " ", head);
  return text;
}

/// The end of a line about an estimate.
std::string estimate_fields(const char* quantity, const Estimate& estimate) {
  return fmt::format("{},{},{},{},{}\n", quantity, csv_field(estimate.mean),
                     csv_field(estimate.low), csv_field(estimate.high), estimate.n);
}

}  // namespace

std::string model_samples_csv(const ModelScoreTable& table) {
  const std::vector<ModelMeasure> measures = model_measures(table.options);
  const bool heads = table.options.wants("heads");
  std::string csv = "sample,class,predicted,target";
  for (const ModelMeasure& measure : measures) csv += fmt::format(",{}", measure.id);
  csv += heads ? ",heads_removed\n" : "\n";
  for (const ModelSampleScores& scores : table.samples) {
    csv += fmt::format("{},{},{},{}", scores.sample_id, name_field(table, scores.label),
                       name_field(table, scores.predicted), name_field(table, scores.target));
    for (const ModelMeasure& measure : measures)
      csv += fmt::format(",{}", csv_field(measure.value(scores)));
    if (heads) csv += fmt::format(",{}", removed_text(scores));
    csv += '\n';
  }
  return csv;
}

std::string model_heads_csv(const ModelScoreTable& table) {
  std::vector<ModelMeasure> measures = model_measures(table.options);
  std::erase_if(measures, [](const ModelMeasure& measure) { return !measure.of_head; });
  std::string csv = "sample,head,effect,flips,kept\n";
  if (measures.empty()) return csv;
  for (const ModelSampleScores& scores : table.samples)
    for (std::int64_t n = 0; n < table.facts.head_total; ++n) {
      csv += fmt::format("{},{}", scores.sample_id, n);
      for (const ModelMeasure& measure : measures)
        csv += fmt::format(",{}", csv_field(measure.of_head(scores, static_cast<std::size_t>(n))));
      csv += '\n';
    }
  return csv;
}

std::string curves_csv(const ModelSummary& summary) {
  std::string csv = "kind,order,step,share,quantity,mean,low,high,n\n";
  for (const CurveSummary& curve : summary.curves)
    for (std::size_t t = 0; t < curve.points.size(); ++t) {
      const CurvePoint& point = curve.points[t];
      for (const auto& [quantity, estimate] :
           {std::pair{"probability", point.probability}, std::pair{"margin", point.margin},
            std::pair{"probability_normalized", point.probability_normalized},
            std::pair{"margin_normalized", point.margin_normalized}})
        csv += fmt::format("{},{},{},{},{}", curve.kind, curve.order, t, csv_field(point.share),
                           estimate_fields(quantity, estimate));
    }
  return csv;
}

std::string randomization_csv(const ModelSummary& summary) {
  std::string csv = "stage,quantity,mean,low,high,n\n";
  for (const RandomizationStage& stage : summary.randomization)
    for (const auto& [quantity, estimate] :
         {std::pair{"rank_correlation", stage.rank_correlation}, std::pair{"cosine", stage.cosine},
          std::pair{"box_mass", stage.box_mass}})
      csv += fmt::format("{},{}", csv_field(stage.name), estimate_fields(quantity, estimate));
  return csv;
}

}  // namespace intr

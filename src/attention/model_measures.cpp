// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_measures.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "intr/attention/model_curve.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::function<double(const ModelSampleScores&)> area_of(CurveKind kind, OrderKind order,
                                                        CurveQuantity quantity) {
  return [=](const ModelSampleScores& scores) {
    return scores.curves ? curve_area(curve_values(*scores.curves, kind, order, quantity)) : kNaN;
  };
}

ModelMeasure curve_measure(CurveKind kind, CurveQuantity quantity) {
  const bool deletion = kind == CurveKind::kDeletion;
  const bool margin =
      quantity == CurveQuantity::kMargin || quantity == CurveQuantity::kMarginNormalized;
  const bool normalized = quantity == CurveQuantity::kProbabilityNormalized ||
                          quantity == CurveQuantity::kMarginNormalized;
  ModelMeasure measure;
  measure.id = fmt::format("{}_{}", name_of(kind), name_of(quantity));
  measure.title = fmt::format("{}, {}{}", name_of(kind), margin ? "margin" : "probability",
                              normalized ? ", normalized" : "");
  measure.unit = margin && !normalized ? "logits" : "";
  measure.definition = fmt::format(
      "area below the target's {}{} over the share of cells that are {}, in the map's order; {}",
      margin ? "margin" : "probability", normalized ? " (f - f_blank) / (f_full - f_blank)" : "",
      deletion ? "deleted" : "given back to the blurred picture",
      deletion ? "lower = the map finds what decides" : "higher = the map finds what decides");
  measure.value = area_of(kind, OrderKind::kMap, quantity);
  for (const OrderKind order : {OrderKind::kRandom, OrderKind::kCenterPrior})
    measure.baselines.push_back({name_of(order), area_of(kind, order, quantity)});
  return measure;
}

/// A measure of what single heads are worth; each sample has HeadScores or no value.
struct HeadMeasure {
  const char* id;
  const char* title;
  const char* unit;
  const char* definition;
  double (*value)(const HeadScores&);
  double (*of_head)(const HeadScores&, std::size_t head);  ///< or null
};

double num_left(const HeadScores& heads) {
  return static_cast<double>(std::ssize(heads.effect) - std::ssize(heads.removed));
}

double is_kept(const HeadScores& heads, std::size_t head) {
  return std::ranges::count(heads.removed, static_cast<std::int32_t>(head)) == 0 ? 1 : 0;
}

constexpr std::array kHeadMeasures = {
    HeadMeasure{"head_effect", "effect of a head", "logits",
                "margin of the target - its margin without the head; of all: without all heads",
                [](const HeadScores& heads) { return heads.effect_of_all; },
                [](const HeadScores& heads, std::size_t head) { return heads.effect[head]; }},
    HeadMeasure{"head_flips", "decisions that a head changes", "share",
                "1 if the best class changes without the head; of all: without all heads",
                [](const HeadScores& heads) { return heads.flips_without_all ? 1.0 : 0.0; },
                [](const HeadScores& heads, std::size_t head) {
                  return heads.flips[head] != 0 ? 1.0 : 0.0;
                }},
    HeadMeasure{"heads_needed", "heads that suffice", "heads",
                "heads left after those missed least were taken away one by one, as long as the "
                "best class stays",
                num_left, nullptr},
    HeadMeasure{"head_kept", "heads among those that suffice", "share",
                "1 if the head is one of those left; of all: heads left / heads",
                [](const HeadScores& heads) {
                  return num_left(heads) / static_cast<double>(heads.effect.size());
                },
                is_kept},
};

ModelMeasure head_measure(const HeadMeasure& facts) {
  ModelMeasure measure{.id = facts.id,
                       .title = facts.title,
                       .unit = facts.unit,
                       .definition = facts.definition,
                       .value = {},
                       .of_head = {},
                       .baselines = {}};
  measure.value = [value = facts.value](const ModelSampleScores& scores) {
    return scores.heads ? value(*scores.heads) : kNaN;
  };
  if (facts.of_head)
    measure.of_head = [value = facts.of_head](const ModelSampleScores& scores, std::size_t head) {
      return scores.heads ? value(*scores.heads, head) : kNaN;
    };
  return measure;
}

ModelMeasure value_measure(const char* id, const char* title, const char* unit,
                           const char* definition, double ValueScores::*member) {
  return {.id = id,
          .title = title,
          .unit = unit,
          .definition = definition,
          .value =
              [member](const ModelSampleScores& scores) {
                return scores.values ? (*scores.values).*member : kNaN;
              },
          .of_head = {},
          .baselines = {}};
}

}  // namespace

std::vector<ModelMeasure> model_measures(const ModelScoreOptions& options) {
  std::vector<ModelMeasure> measures;
  if (options.wants("curves"))
    for (const CurveKind kind : kCurveKinds)
      for (const CurveQuantity quantity : kCurveQuantities)
        measures.push_back(curve_measure(kind, quantity));
  if (options.wants("heads"))
    for (const HeadMeasure& facts : kHeadMeasures) measures.push_back(head_measure(facts));
  if (!options.wants("values")) return measures;
  measures.push_back(value_measure("value_rank_correlation", "attribution against attention", "",
                                   "Spearman's rank correlation of the value-weighted attribution "
                                   "phi with the mean map",
                                   &ValueScores::rank_correlation));
  measures.push_back(value_measure("value_length_rank_correlation",
                                   "length of values against attention", "",
                                   "Spearman's rank correlation of |sum over heads of a W_O v| "
                                   "with the mean map",
                                   &ValueScores::length_rank_correlation));
  measures.push_back(value_measure("value_negative_share", "attribution against the target",
                                   "share", "sum of |phi| where phi < 0 / sum of |phi|",
                                   &ValueScores::negative_share));
  return measures;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_plots.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "intr/attention/curve_plot.h"
#include "intr/attention/heads_plot.h"
#include "intr/attention/measure_note.h"
#include "intr/attention/row_plot.h"

namespace intr {

namespace {

using Kind = ScorePlot::Kind;

struct KindWords {
  Kind kind;
  std::string_view id, title, cells, empty;
};
constexpr std::array kKinds = {
    KindWords{Kind::kDeletion, "deletion", "Deletion", "share of cells blanked", "blank"},
    KindWords{Kind::kInsertion, "insertion", "Insertion", "share of cells given back", "blurred"}};

struct Quantity {
  std::string_view id;  ///< after that of the kind, as measures are called
  std::string_view file, title, label;
  bool normalized;
  Estimate CurvePoint::*value;
};
constexpr std::array kQuantities = {
    Quantity{"margin_normalized", "margin-normalized", "normalized margin", "margin of the target",
             true, &CurvePoint::margin_normalized},
    Quantity{"margin", "margin", "margin", "logit of the target minus the best other one", false,
             &CurvePoint::margin},
    Quantity{"probability", "probability", "probability", "probability of the target", false,
             &CurvePoint::probability}};

/// Of nothing is no mean, whatever stands there.
double mean_of(const Estimate& estimate) { return estimate.n > 0 ? estimate.mean : NAN; }

MeanCurve mean_curve(const CurveSummary& summary, const Quantity& quantity) {
  MeanCurve curve;
  curve.name = printed_name(summary.order);
  curve.baseline = summary.order != "map";
  for (const CurvePoint& point : summary.points) {
    const Estimate& value = point.*quantity.value;
    curve.points.push_back({point.share, mean_of(value), value.low, value.high});
  }
  return curve;
}

bool has_values(const MeanCurve& curve) {
  for (const MeanCurve::Point& point : curve.points)
    if (std::isfinite(point.y)) return true;
  return false;
}

/// The areas under the curves, which are measures of their own.
std::string area_note(const ModelSummary& summary, const std::string& id) {
  const MeasureSummary* area = find_measure(summary.measures, id);
  if (area == nullptr || area->all.n == 0) return {};
  std::string note = fmt::format("Areas: map {}", shown_number(area->all.mean));
  for (const ScoreBaseline& baseline : area->baselines)
    note += fmt::format(", {} {}", printed_name(baseline.name), shown_number(baseline.value.mean));
  return note + ".";
}

void add_curves(std::vector<ScorePlot>& plots, const ModelSummary& summary, const KindWords& kind,
                const Quantity& quantity) {
  CurvePlot plot;
  for (const CurveSummary& one : summary.curves) {
    if (one.kind != kind.id) continue;
    MeanCurve curve = mean_curve(one, quantity);
    if (has_values(curve)) plot.curves.push_back(std::move(curve));
  }
  if (plot.curves.empty()) return;
  plot.text = {.title = fmt::format("{}: {}", kind.title, quantity.title),
               .x_label = std::string(kind.cells),
               .y_label = quantity.normalized
                              ? fmt::format("{}: 0 {}, 1 whole picture", quantity.label, kind.empty)
                              : std::string(quantity.label),
               .note = area_note(summary, fmt::format("{}_{}", kind.id, quantity.id))};
  plots.push_back(
      {kind.kind, fmt::format("plots/model-{}-{}.svg", kind.id, quantity.file), curve_plot(plot)});
}

void add_heads(std::vector<ScorePlot>& plots, const ModelSummary& summary, const std::string& id,
               std::string_view file) {
  const MeasureSummary* measure = find_measure(summary.measures, id);
  if (measure == nullptr) return;
  bool any = false;
  for (const Estimate& head : measure->heads) any |= head.n > 0;
  if (!any) return;
  MeasureSummary shown = *measure;
  // How many heads are kept on average is no bar beside how often each of them is.
  if (id == "head_kept") shown.all = {};
  plots.push_back({Kind::kHeadsRemoved, fmt::format("plots/model-{}.svg", file),
                   heads_plot(shown, summary.heads)});
}

struct Likeness {
  std::string_view file, title, label;
  Estimate RandomizationStage::*value;
  Level level;
};

void add_randomization(std::vector<ScorePlot>& plots, const ModelSummary& summary,
                       const Likeness& likeness) {
  RowPlot plot;
  bool any = false;
  for (const RandomizationStage& stage : summary.randomization) {
    const Estimate& value = stage.*likeness.value;
    plot.rows.push_back({stage.name, mean_of(value), value.low, value.high});
    any |= value.n > 0;
  }
  if (!any) return;
  plot.text = {.title = fmt::format("Randomized: {}", likeness.title),
               .x_label = std::string(likeness.label),
               .y_label = "from the top, one more part a row",
               .note = {}};
  plot.levels = {likeness.level};
  plots.push_back({Kind::kRandomization,
                   fmt::format("plots/model-randomization-{}.svg", likeness.file), row_plot(plot)});
}

}  // namespace

std::vector<ScorePlot> model_plots(const ModelSummary& summary) {
  std::vector<ScorePlot> plots;
  for (const KindWords& kind : kKinds)
    for (const Quantity& quantity : kQuantities) add_curves(plots, summary, kind, quantity);
  add_heads(plots, summary, "head_effect", "head-effect");
  add_heads(plots, summary, "head_flips", "head-flips");
  add_heads(plots, summary, "head_kept", "heads-kept");
  add_randomization(plots, summary,
                    {"rank-correlation",
                     "rank correlation",
                     "Spearman's rank correlation with the original map",
                     &RandomizationStage::rank_correlation,
                     {"unrelated maps", 0}});
  add_randomization(plots, summary,
                    {"cosine",
                     "cosine",
                     "cosine with the original map",
                     &RandomizationStage::cosine,
                     {"uniform map", mean_of(summary.uniform_cosine)}});
  add_randomization(plots, summary,
                    {"box-mass",
                     "mass in box",
                     "share of attention in the object's box",
                     &RandomizationStage::box_mass,
                     {"uniform map", mean_of(summary.box_uniform)}});
  return plots;
}

}  // namespace intr

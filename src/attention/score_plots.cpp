// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_plots.h"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <utility>

#include "intr/attention/bar_plot.h"
#include "intr/attention/calibration.h"
#include "intr/attention/matrix_plot.h"
#include "intr/attention/measure_note.h"
#include "intr/attention/rank_correlation.h"
#include "intr/attention/reliability_plot.h"
#include "intr/attention/scatter_plot.h"

namespace intr {

namespace {

std::string with_capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

Bar bar_of(std::string name, const Estimate& estimate) {
  return {std::move(name), estimate.mean, estimate.low, estimate.high};
}

std::string heads_plot(const ScoreSummary& summary, const MeasureSummary& measure) {
  BarPlot plot;
  plot.text = {.title = with_capital(measure.title),
               .x_label = "head",
               .y_label = printed_unit(measure.unit),
               .note = {}};
  for (std::size_t head = 0; head < measure.heads.size(); ++head)
    plot.bars.push_back(bar_of(std::to_string(summary.heads.at(head)), measure.heads[head]));
  plot.bars.push_back(bar_of("all", measure.all));
  // All heads together cover more than one of them: their chance is not that of a head.
  const bool same_for_heads = measure.id != "part_coverage";
  for (const ScoreBaseline& baseline : measure.baselines)
    if (same_for_heads) plot.levels.push_back({printed_name(baseline.name), baseline.value.mean});
  // Ratios to a baseline: where they say nothing.
  for (const char* baseline : {"uniform", "chance"})
    if (measure.unit == std::string("x ") + baseline) plot.levels.push_back({baseline, 1});
  return bar_plot(plot);
}

std::string contrast_plot(const ScoreSummary& summary) {
  ScatterPlot plot;
  std::vector<double> margins, contrasts;
  std::vector<ScatterPlot::Series> series = {{"right", {}}, {"wrong", {}}, {"no label", {}}};
  for (const SamplePoint& sample : summary.samples) {
    margins.push_back(sample.class_margin);
    contrasts.push_back(sample.class_contrast);
    series[sample.label < 0 ? 2
           : sample.right   ? 0
                            : 1]
        .points.push_back({sample.class_margin, sample.class_contrast});
  }
  for (ScatterPlot::Series& one : series)
    if (!one.points.empty()) plot.series.push_back(std::move(one));
  plot.text = {.title = "Class contrast against margin",
               .x_label = "logit of the query's class minus the best other one",
               .y_label = "class contrast of the head mean",
               .note = {}};
  if (const double rho = rank_correlation(margins, contrasts); std::isfinite(rho))
    plot.text.note = fmt::format("Spearman's rank correlation {}.", shown_number(rho));
  return scatter_plot(plot);
}

std::string shown_error(const ScoreSummary& summary) {
  for (const MeasureSummary& measure : summary.measures)
    if (measure.id == "calibration_error")
      return shown_interval(measure.all.mean, measure.all.low, measure.all.high);
  return shown_number(calibration_error(summary.calibration));
}

std::string calibration_plot(const ScoreSummary& summary) {
  return reliability_plot({.title = "Calibration",
                           .x_label = "probability of the predicted class",
                           .y_label = "share of right predictions",
                           .note = fmt::format("Expected calibration error {}, {} bins.",
                                               shown_error(summary), summary.calibration.size())},
                          summary.calibration);
}

std::string parts_plot(const ScoreSummary& summary) {
  const PartShares& shares = summary.part_shares;
  MatrixPlot plot;
  plot.text = {.title = "Part nearest to each head's peak",
               .x_label = "head",
               .y_label = {},
               .note = "Share of samples with a visible part, by head."};
  plot.rows = shares.parts;
  for (const std::int32_t head : summary.heads) plot.columns.push_back(std::to_string(head));
  for (std::size_t part = 0; part < plot.rows.size(); ++part)
    for (const std::vector<Estimate>& head : shares.shares)
      plot.values.push_back(head.at(part).mean);
  return matrix_plot(plot);
}

bool any_samples(const ScoreSummary& summary) {
  for (const CalibrationBin& bin : summary.calibration)
    if (bin.n > 0) return true;
  return false;
}

bool has_part_shares(const ScoreSummary& summary) {
  const PartShares& shares = summary.part_shares;
  if (shares.parts.empty() || shares.shares.size() != summary.heads.size()) return false;
  for (const std::vector<Estimate>& head : shares.shares)
    for (const Estimate& part : head)
      if (part.n > 0) return true;
  return false;
}

}  // namespace

std::vector<ScorePlot> score_plots(const ScoreSummary& summary) {
  using Kind = ScorePlot::Kind;
  std::vector<ScorePlot> plots;
  for (const MeasureSummary& measure : summary.measures)
    if (!measure.heads.empty() && measure.all.n > 0)
      plots.push_back(
          {Kind::kHeads, "plots/heads-" + measure.id + ".svg", heads_plot(summary, measure)});
  if (!summary.samples.empty())
    plots.push_back({Kind::kContrast, "plots/contrast-margin.svg", contrast_plot(summary)});
  if (any_samples(summary))
    plots.push_back({Kind::kCalibration, "plots/calibration.svg", calibration_plot(summary)});
  if (has_part_shares(summary))
    plots.push_back({Kind::kParts, "plots/head-part.svg", parts_plot(summary)});
  return plots;
}

}  // namespace intr

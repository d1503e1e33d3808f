// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/score_plots.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "intr/attention/calibration.h"
#include "intr/attention/heads_plot.h"
#include "intr/attention/matrix_plot.h"
#include "intr/attention/rank_correlation.h"
#include "intr/attention/reliability_plot.h"
#include "intr/attention/scatter_plot.h"

namespace intr {

namespace {

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
          {Kind::kHeads, "plots/heads-" + measure.id + ".svg", heads_plot(measure, summary.heads)});
  if (!summary.samples.empty())
    plots.push_back({Kind::kContrast, "plots/contrast-margin.svg", contrast_plot(summary)});
  if (any_samples(summary))
    plots.push_back({Kind::kCalibration, "plots/calibration.svg", calibration_plot(summary)});
  if (has_part_shares(summary))
    plots.push_back({Kind::kParts, "plots/head-part.svg", parts_plot(summary)});
  return plots;
}

}  // namespace intr

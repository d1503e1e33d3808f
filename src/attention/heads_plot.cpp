// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/heads_plot.h"

#include <cctype>
#include <utility>

#include "intr/attention/bar_plot.h"
#include "intr/attention/measure_note.h"
#include "intr/core/error.h"

namespace intr {

namespace {

std::string with_capital(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

Bar bar_of(std::string name, const Estimate& estimate) {
  return {std::move(name), estimate.mean, estimate.low, estimate.high};
}

}  // namespace

std::string heads_plot(const MeasureSummary& measure, std::span<const std::int32_t> heads) {
  if (measure.heads.size() != heads.size())
    throw InternalError("a measure of another number of heads", measure.id);
  BarPlot plot;
  plot.text = {.title = with_capital(measure.title),
               .x_label = "head",
               .y_label = printed_unit(measure.unit),
               .note = {}};
  for (std::size_t head = 0; head < heads.size(); ++head)
    plot.bars.push_back(bar_of(std::to_string(heads[head]), measure.heads[head]));
  if (measure.all.n > 0) plot.bars.push_back(bar_of("all", measure.all));
  // All heads together cover more than one of them: their chance is not that of a head.
  const bool same_for_heads = measure.id != "part_coverage";
  for (const ScoreBaseline& baseline : measure.baselines)
    if (same_for_heads) plot.levels.push_back({printed_name(baseline.name), baseline.value.mean});
  // Ratios to a baseline: where they say nothing.
  for (const char* baseline : {"uniform", "chance"})
    if (measure.unit == std::string("x ") + baseline) plot.levels.push_back({baseline, 1});
  return bar_plot(plot);
}

}  // namespace intr

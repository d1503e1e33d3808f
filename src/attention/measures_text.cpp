// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/measures_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace intr {

namespace {

std::string name_of(const MeasureSummary& measure) {
  return measure.unit.empty() ? measure.title : fmt::format("{}, {}", measure.title, measure.unit);
}

/// The head with the largest mean; empty without heads.
std::string largest_head(const MeasureSummary& measure, const std::vector<std::int32_t>& heads) {
  std::size_t best = heads.size();
  for (std::size_t n = 0; n < measure.heads.size(); ++n) {
    const double mean = measure.heads[n].mean;
    if (!std::isnan(mean) && (best == heads.size() || mean > measure.heads[best].mean)) best = n;
  }
  if (best == heads.size()) return "";
  return fmt::format("{:.4g} (head {})", measure.heads[best].mean, heads[best]);
}

std::string baselines_text(const MeasureSummary& measure) {
  std::string text;
  for (const ScoreBaseline& baseline : measure.baselines)
    text +=
        fmt::format("{}{} {:.4g}", text.empty() ? "" : ", ", baseline.name, baseline.value.mean);
  return text;
}

}  // namespace

std::string interval_text(const Estimate& estimate) {
  if (std::isnan(estimate.low)) return "";
  return fmt::format("{:.4g} to {:.4g}", estimate.low, estimate.high);
}

std::string measures_text(const std::vector<MeasureSummary>& measures,
                          const std::vector<std::int32_t>& heads) {
  std::size_t width = 36;
  for (const MeasureSummary& measure : measures)
    if (measure.all.n > 0) width = std::max(width, name_of(measure).size());
  std::string text = fmt::format("{:<{}} {:>10}  {:<20} {:>9}  {:<20} {}\n", "measure", width,
                                 "mean", "95 % interval", "values", "largest head", "baseline");
  std::string missing;
  for (const MeasureSummary& measure : measures) {
    if (measure.all.n == 0) {
      missing += (missing.empty() ? "" : ", ") + measure.title;
      continue;
    }
    std::string line =
        fmt::format("{:<{}} {:>10.4g}  {:<20} {:>9}  {:<20} {}", name_of(measure), width,
                    measure.all.mean, interval_text(measure.all), measure.all.n,
                    largest_head(measure, heads), baselines_text(measure));
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  if (!missing.empty()) text += fmt::format("without any value: {}\n", missing);
  return text;
}

}  // namespace intr

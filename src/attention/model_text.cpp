// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/model_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "intr/attention/measures_text.h"
#include "intr/attention/temperature.h"

namespace intr {

namespace {

/// "0.5 (0.25 to 0.75)", "0.5" without an interval, "" without a value.
std::string estimate_text(const Estimate& estimate) {
  if (estimate.n == 0) return "";
  const std::string interval = interval_text(estimate);
  return interval.empty() ? fmt::format("{:.4g}", estimate.mean)
                          : fmt::format("{:.4g} ({})", estimate.mean, interval);
}

std::string randomization_text(const ModelSummary& summary) {
  if (summary.randomization_samples == 0) return "";
  constexpr std::string_view kHead = "made random so far", kUniform = "(a uniform map)";
  std::size_t width = kHead.size();
  for (const RandomizationStage& stage : summary.randomization)
    width = std::max(width, stage.name.size());
  const auto row = [width](std::string_view name, const std::string& correlation,
                           const std::string& cosine, const std::string& box_mass) {
    std::string line =
        fmt::format("{:<{}}  {:<32} {:<32} {}", name, width, correlation, cosine, box_mass);
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  };
  const bool boxes = summary.box_uniform.n > 0;
  std::string text =
      fmt::format("\nMaps of the partly random network beside the original ones, {} samples\n",
                  summary.randomization_samples);
  text += row(kHead, "rank correlation", "cosine", boxes ? "mass in box" : "");
  for (const RandomizationStage& stage : summary.randomization)
    text += row(stage.name, estimate_text(stage.rank_correlation), estimate_text(stage.cosine),
                estimate_text(stage.box_mass));
  return text + row(kUniform, "", estimate_text(summary.uniform_cosine),
                    estimate_text(summary.box_uniform));
}

std::string temperature_text(const TemperatureFit& fit) {
  if (fit.n == 0) return "";
  if (const std::string none = no_best_temperature(fit); !none.empty())
    return fmt::format("\n{}\n", none);
  std::string text = fmt::format("\nsoftmax(z / {:.4g}) fits the {} labeled samples best. ",
                                 fit.temperature, fit.n);
  if (std::isnan(fit.loss_after))
    return text + "Its halves cannot show what that is worth: too few are wrong.\n";
  return text + fmt::format(
                    "What it is worth, each half judged with the temperature of the other one:\n"
                    "  negative log-likelihood    {:.4g} -> {:.4g} nats\n"
                    "  expected calibration error {:.4g} -> {:.4g}\n",
                    fit.loss_before, fit.loss_after, fit.error_before, fit.error_after);
}

}  // namespace

std::string model_text(const ModelSummary& summary) {
  std::string text = summary.measures.empty() ? "" : measures_text(summary.measures, summary.heads);
  text += randomization_text(summary);
  text += temperature_text(summary.temperature);
  return text;
}

}  // namespace intr

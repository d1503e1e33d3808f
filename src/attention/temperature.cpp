// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/temperature.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "intr/attention/calibration.h"

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Log-sum-exp of (z - max z) / T, and that maximum, which is taken out so that nothing overflows.
struct Partition {
  Partition(const LabeledLogits& sample, double temperature)
      : largest(*std::ranges::max_element(sample.logits)) {
    double sum = 0;
    for (const float logit : sample.logits) sum += std::exp((logit - largest) / temperature);
    log_sum = std::log(sum);
  }
  double largest, log_sum = 0;
};

double label_logit(const LabeledLogits& sample) {
  return sample.logits[static_cast<std::size_t>(sample.label)];
}

double loss(const LabeledLogits& sample, double temperature) {
  const Partition partition(sample, temperature);
  return partition.log_sum + (partition.largest - label_logit(sample)) / temperature;
}

/// Derivative of the summed loss in 1 / T: expected logit minus the label's. It rises with 1 / T.
double slope(std::span<const LabeledLogits> samples, double temperature) {
  double sum = 0;
  for (const LabeledLogits& sample : samples) {
    const Partition partition(sample, temperature);
    for (const float logit : sample.logits)
      sum += std::exp((logit - partition.largest) / temperature - partition.log_sum) *
             (logit - label_logit(sample));
  }
  return sum;
}

/// Samples, and the T that they are judged with.
struct Half {
  std::vector<LabeledLogits> samples;
  double temperature = 1;
};

/// Mean loss and calibration error of two halves together.
struct Judgment {
  double loss = kNaN, error = kNaN;
};
bool at_lowest(double temperature) { return temperature <= kLowestTemperature * (1 + 1e-6); }

Judgment judge(std::span<const Half> halves) {
  std::vector<double> probabilities;
  std::vector<std::uint8_t> right;
  double sum = 0;
  for (const Half& half : halves)
    for (const LabeledLogits& sample : half.samples) {
      sum += loss(sample, half.temperature);
      probabilities.push_back(std::exp(-Partition(sample, half.temperature).log_sum));
      const auto best = std::ranges::max_element(sample.logits) - sample.logits.begin();
      right.push_back(best == sample.label ? 1 : 0);
    }
  return {sum / static_cast<double>(right.size()),
          calibration_error(calibration_bins(probabilities, right))};
}

}  // namespace

double mean_loss(std::span<const LabeledLogits> samples, double temperature) {
  double sum = 0;
  for (const LabeledLogits& sample : samples) sum += loss(sample, temperature);
  return samples.empty() ? kNaN : sum / static_cast<double>(samples.size());
}

double best_temperature(std::span<const LabeledLogits> samples) {
  if (samples.empty()) return kNaN;
  double low = kLowestTemperature, high = kHighestTemperature;
  const double at_low = slope(samples, low), at_high = slope(samples, high);
  if (at_low == 0 && at_high == 0) return 1;  // equal logits
  if (at_low <= 0) return low;
  if (at_high >= 0) return high;
  // The loss is convex in 1 / T, so its slope has one zero. Halving finds it whatever the logits
  // are; comparing losses, as golden sections do, would end at the root of the machine's precision.
  constexpr double kPrecision = 1e-12;
  while (high / low > 1 + kPrecision) {
    const double middle = std::sqrt(low * high);
    (slope(samples, middle) > 0 ? low : high) = middle;
  }
  return std::sqrt(low * high);
}

TemperatureFit fit_temperature(std::span<const LabeledLogits> samples) {
  if (samples.empty()) return {0, kNaN, kNaN, kNaN, kNaN, kNaN};
  std::array<Half, 2> halves;
  for (std::size_t i = 0; i < samples.size(); ++i) halves[i % 2].samples.push_back(samples[i]);
  const Judgment before = judge(halves);
  halves[0].temperature = best_temperature(halves[1].samples);
  halves[1].temperature = best_temperature(halves[0].samples);
  // A half that is all right knows no best temperature: the lowest one makes any miss of the other
  // half count for everything.
  const bool judged =
      samples.size() >= 2 && !at_lowest(halves[0].temperature) && !at_lowest(halves[1].temperature);
  const Judgment after = judged ? judge(halves) : Judgment{};
  return {std::ssize(samples), best_temperature(samples), before.loss, after.loss, before.error,
          after.error};
}

std::string no_best_temperature(const TemperatureFit& fit) {
  const bool lowest = at_lowest(fit.temperature);
  if (!lowest && fit.temperature < kHighestTemperature * (1 - 1e-6)) return "";
  return fmt::format(
      "No temperature fits the {} labeled samples best: the {} the better, as where "
      "all of them are {}.",
      fit.n, lowest ? "lower" : "higher", lowest ? "right" : "wrong");
}

}  // namespace intr

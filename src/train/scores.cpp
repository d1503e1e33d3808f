// SPDX-License-Identifier: Apache-2.0
#include "intr/train/scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "intr/core/error.h"

namespace intr {
namespace {

constexpr std::size_t kBins = 15;

void require_finite(std::span<const float> logits, std::int64_t sample_id) {
  for (std::size_t k = 0; k < logits.size(); ++k) {
    if (std::isfinite(logits[k])) continue;
    throw DivergedError(
        fmt::format("the model gives {} for class {} of sample {}", logits[k], k, sample_id), {},
        "go back to an earlier checkpoint and lower --lr");
  }
}

}  // namespace

std::int64_t rank_of_true_class(std::span<const float> logits, std::int64_t label) noexcept {
  const auto truth = static_cast<std::size_t>(label);
  std::int64_t rank = 0;
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const bool behind = logits[k] < logits[truth] || (logits[k] == logits[truth] && k >= truth);
    if (!behind && k != truth) ++rank;
  }
  return rank;
}

SampleScore score_sample(std::span<const float> logits, std::int64_t label,
                         std::int64_t sample_id) {
  require_finite(logits, sample_id);
  const auto truth = static_cast<std::size_t>(label);
  const auto largest = std::max_element(logits.begin(), logits.end());  // the first of equal ones
  const double top = *largest;
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit) - top);
  SampleScore score{.sample_id = sample_id,
                    .label = label,
                    .predicted = largest - logits.begin(),
                    .rank = rank_of_true_class(logits, label)};
  score.loss = std::log(sum) + top - static_cast<double>(logits[truth]);
  score.confidence = 1.0 / sum;
  double best_other = -std::numeric_limits<double>::infinity();
  for (std::size_t k = 0; k < logits.size(); ++k) {
    const double probability = std::exp(static_cast<double>(logits[k]) - top) / sum;
    const double gap = probability - (k == truth ? 1.0 : 0.0);
    score.brier += gap * gap;
    if (k != truth) best_other = std::max(best_other, static_cast<double>(logits[k]));
  }
  if (logits.size() > 1) score.margin = static_cast<double>(logits[truth]) - best_other;
  return score;
}

Interval wilson_interval(std::int64_t hits, std::int64_t samples) {
  constexpr double z = 1.959963984540054;  // 97.5 % point of the normal distribution
  const auto n = static_cast<double>(samples);
  const double p = static_cast<double>(hits) / n;
  const double center = p + z * z / (2 * n);
  const double spread = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
  const double scale = 1 + z * z / n;
  // At the ends the formula gives 0 and 1 but for rounding.
  return {.low = hits == 0 ? 0.0 : (center - spread) / scale,
          .high = hits == samples ? 1.0 : (center + spread) / scale};
}

double calibration_error(const std::vector<SampleScore>& scores) {
  struct Bin {
    std::int64_t hits = 0;
    double confidence = 0;
  };
  std::array<Bin, kBins> bins;
  for (const SampleScore& score : scores) {
    const double place = std::ceil(score.confidence * kBins) - 1;
    const auto last = static_cast<double>(kBins - 1);
    Bin& bin = bins[static_cast<std::size_t>(std::clamp(place, 0.0, last))];
    bin.hits += score.rank == 0 ? 1 : 0;
    bin.confidence += score.confidence;
  }
  double gaps = 0;
  for (const Bin& bin : bins) gaps += std::abs(static_cast<double>(bin.hits) - bin.confidence);
  return scores.empty() ? 0 : gaps / static_cast<double>(scores.size());
}

std::vector<Confusion> confusions(const std::vector<SampleScore>& scores, std::int64_t limit) {
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts;
  for (const SampleScore& score : scores) {
    if (score.rank != 0) ++counts[{score.label, score.predicted}];
  }
  std::vector<Confusion> pairs;
  for (const auto& [pair, count] : counts) pairs.push_back({pair.first, pair.second, count});
  std::stable_sort(pairs.begin(), pairs.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  if (static_cast<std::int64_t>(pairs.size()) > limit)
    pairs.resize(static_cast<std::size_t>(limit));
  return pairs;
}

}  // namespace intr

// SPDX-License-Identifier: Apache-2.0
#include "intr/attention/map_measures.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace intr {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

std::vector<double> normalized_map(std::span<const float> map) {
  std::vector<double> result(map.begin(), map.end());
  const double sum = std::accumulate(result.begin(), result.end(), 0.0);
  for (double& value : result) value /= sum;
  return result;
}

std::vector<double> mean_map(std::span<const std::vector<double>> maps) {
  std::vector<double> mean = maps[0];
  for (std::size_t n = 1; n < maps.size(); ++n)
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] += maps[n][i];
  for (double& value : mean) value /= static_cast<double>(maps.size());
  return mean;
}

double map_entropy(std::span<const double> map) {
  double sum = 0;
  for (const double a : map)
    if (a > 0) sum -= a * std::log(a);
  return sum;
}

double effective_area(double entropy, std::int64_t num_cells) {
  return std::exp(entropy) / static_cast<double>(num_cells);
}

std::int64_t peak_cell(std::span<const double> map) {
  constexpr double kEqual = 1e-12;  // a mean of heads is rounded in the order of its terms
  const double least = *std::max_element(map.begin(), map.end()) * (1 - kEqual);
  return std::find_if(map.begin(), map.end(), [=](double a) { return a >= least; }) - map.begin();
}

double js_divergence(std::span<const double> p, std::span<const double> q) {
  std::vector<double> middle(p.size());
  for (std::size_t i = 0; i < p.size(); ++i) middle[i] = (p[i] + q[i]) / 2;
  const double nats = map_entropy(middle) - (map_entropy(p) + map_entropy(q)) / 2;
  return std::clamp(nats / std::log(2.0), 0.0, 1.0);  // rounding may leave [0, 1]
}

double cosine_diversity(std::span<const std::vector<double>> maps) {
  if (maps.size() < 2) return kNaN;
  std::vector<double> lengths;
  for (const std::vector<double>& map : maps) lengths.push_back(std::sqrt(dot(map, map)));
  double sum = 0;
  for (std::size_t n = 0; n < maps.size(); ++n)
    for (std::size_t k = n + 1; k < maps.size(); ++k)
      sum += dot(maps[n], maps[k]) / (lengths[n] * lengths[k]);
  const auto count = static_cast<double>(maps.size());
  return std::clamp(1 - 2 * sum / (count * (count - 1)), 0.0, 1.0);
}

double information_diversity(std::span<const std::vector<double>> maps,
                             std::span<const double> entropies) {
  if (maps.size() < 2) return kNaN;
  const auto count = static_cast<double>(maps.size());
  const double own = std::accumulate(entropies.begin(), entropies.end(), 0.0) / count;
  return std::clamp((map_entropy(mean_map(maps)) - own) / std::log(count), 0.0, 1.0);
}

}  // namespace intr
